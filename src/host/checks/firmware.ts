import { fail, ifThere, ok } from '../answers.ts';
import type { HostCheck } from '../types.ts';

const file = '/etc/firmware/vmm-bios';

/** Whether vmd has the BIOS that machines boot their disks with (vmd(8), FILES). */
export const firmware: HostCheck = {
  name: 'firmware',
  ask: async ({ host }) =>
    (await ifThere(host.stat(file))) === undefined
      ? fail(`${file} is not there, so no machine boots from its disk`, 'fw_update vmm')
      : ok(`${file} is there`),
};
