import type { SshKey } from '../../guest/types.ts';
import { cdOf } from '../../image/medium/cd.ts';
import { render } from '../../template/language/render.ts';
import { seedPath } from '../../template/resolve/cloud-init.ts';
import type { Seed, StaticAddresses } from '../../vmm/types.ts';
import { slotName } from '../folders/folders.ts';
import { runtimeFactsOf, type Job } from '../job.ts';

/** A hypervisor that does not know them refuses texts that name them. */
const unknown: StaticAddresses = { guestIp: '', hostIp: '', mac: '', http: { ip: '', port: 0, url: '' } };

// The time of a file means nothing to cloud-init; this is the first that every reader takes.
const noTime = new Date(Date.UTC(1980, 0, 1));

/** What cloud-init of the guest is to find, for its hypervisor. */
export const seedOf = ({ spec, slot }: Job, key: SshKey | undefined): Seed | undefined => {
  const { cloudInit } = spec;
  if (cloudInit === undefined) return undefined;
  if (cloudInit.by === 'smbios') return { by: 'smbios', path: seedPath };
  return {
    by: 'cdrom',
    image: (addresses = unknown) => {
      const facts = runtimeFactsOf({ name: slotName(slot), addresses }, key);
      const files = cloudInit.files.map(({ name, text }) => ({ name, bytes: Buffer.from(render(text, facts)) }));
      return cdOf('cidata', files, noTime);
    },
  };
};
