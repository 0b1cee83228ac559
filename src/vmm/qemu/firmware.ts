/** UEFI for machines: EDK2's OVMF of the host, in the two parts in which it is packaged: its code and its variables. */

import { existsSync } from 'node:fs';
import { chmod, copyFile, constants } from 'node:fs/promises';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import type { MachineSpec } from '../types.ts';

type Firmware = { readonly code: string; readonly variables: string };

/** Without secure boot. Debian's ovmf, Fedora's and Arch's edk2-ovmf, and what QEMU brings itself elsewhere. */
const places: readonly Firmware[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
  ...['/opt/homebrew/share/qemu', '/usr/local/share/qemu'].map((folder) => ({
    code: `${folder}/edk2-x86_64-code.fd`,
    variables: `${folder}/edk2-i386-vars.fd`,
  })),
];

/** The BIOS as Debian's seabios, and as QEMU itself and others, have it. */
const biosPlaces = ['/usr/share/seabios', '/usr/share/qemu', '/usr/local/share/qemu', '/opt/homebrew/share/qemu'].map(
  (folder) => `${folder}/bios-256k.bin`,
);

/** All that may be the firmware of a machine: another of any of them may make other machines. */
export const firmwareFiles: readonly string[] = [
  ...biosPlaces,
  ...places.flatMap(({ code, variables }) => [code, variables]),
];

const firmwareHere = (): Firmware | undefined => places.find(({ code, variables }) => existsSync(code) && existsSync(variables)); // prettier-ignore

/** Why a machine cannot have UEFI here; undefined when it can. */
export const whyNoFirmware = (): string | undefined =>
  firmwareHere() === undefined
    ? `is "uefi", and this host has none: have it installed (Debian's package ovmf), so that ${places[0]?.code ?? ''} is there`
    : undefined;

/** The code, and the file of this machine's variables, made where it is not there. Throws `hypervisor_failed`. */
export const readyFirmware = async (asked: MachineSpec['firmware']): Promise<Firmware | undefined> => {
  if (asked === undefined) return undefined;
  const found = firmwareHere();
  if (found === undefined) throw new Fault('hypervisor_failed', `The firmware ${whyNoFirmware() ?? 'has gone'}.`);
  try {
    await copyFile(found.variables, asked.variables, constants.COPYFILE_EXCL);
    await chmod(asked.variables, 0o600);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  return { code: found.code, variables: asked.variables };
};
