import type { Builder } from '../builder.ts';

/** A file of firmware for UEFI, by the names that distributions give it: OVMF.fd, AAVMF_CODE.fd, edk2-x86_64-code.fd. */
export const isUefi = (path: string): boolean => /(?:ovmf|aavmf|edk2|uefi)[^/]*$/i.test(path);

/** The same for a flash chip, which holds firmware or its variables whatever they are called: x86_64_VARS.fd, flash1.img. */
export const isFlash = (path: string): boolean => isUefi(path) || /(?:efi|vars|code|nvram|flash)[^/]*$/i.test(path);

export const noteFirmware = ({ reading }: Builder, at: string): void =>
  reading.notes.add(at, "has no meaning here: the firmware is the host's, without secure boot");

/** What a file at `at` says: UEFI, by files of the host. */
export const putUefi = (builder: Builder, at: string): void => {
  builder.draft.put(['machine', 'firmware'], 'uefi', at);
  noteFirmware(builder, at);
};
