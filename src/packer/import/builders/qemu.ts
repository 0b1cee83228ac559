import { commonRules, type Builder, type BuilderKind } from '../builder.ts';
import { disksOf, putArtifacts, putDisks } from '../groups/disks.ts';
import { bootRules, bootStepsRules, hasBootCommand, translateBoot, vncRules } from '../groups/boot.ts';
import { httpRules, translateHttp } from '../groups/http.ts';
import { imageOf, isoRules } from '../groups/iso.ts';
import { putInstall, putMemory, putNetwork } from '../groups/machine.ts';
import { diskNames } from '../groups/names.ts';
import { removableRules, translateCd, translateFloppy } from '../groups/removable.ts';
import { shutdownRules, translateShutdown } from '../groups/shutdown.ts';
import { installLimit, sshRules, translateSsh } from '../groups/ssh.ts';
import { isUefi, noteFirmware, putUefi } from './firmware.ts';
import { machineType, readQemuArguments } from './qemu-arguments.ts';

const ofHost = { idle: 'it is a setting of the host' } as const;
const noTpm = { refuse: 'machines have no TPM' } as const;
const compact = { idle: 'what is published is flat, sparse and compact' } as const;

// Keys and defaults: packer-plugin-qemu, builder/qemu/config.go.
const rules = {
  ...commonRules,
  ...isoRules,
  ...httpRules,
  ...bootRules,
  ...bootStepsRules,
  ...vncRules,
  ...shutdownRules,
  ...sshRules,
  ...removableRules,
  vm_name: 'read',
  output_directory: { idle: 'artifacts are downloaded from the build' },
  disk_size: 'read',
  disk_additional_size: 'read',
  format: 'read',
  disk_image: 'read',
  use_backing_file: { idle: 'a disk is made over its base, and what is published stands alone' },
  skip_resize_disk: 'read',
  skip_compaction: compact,
  disk_compression: { idle: 'use a post-processor "compress"' },
  disk_cache: ofHost,
  disk_discard: ofHost,
  disk_detect_zeroes: ofHost,
  disk_interface: 'read',
  cdrom_interface: ofHost,
  memory: 'read',
  cpus: 'read',
  sockets: 'read',
  cores: 'read',
  threads: 'read',
  net_device: 'read',
  net_bridge: {
    refuse:
      'QEMU is on no bridge of the host: a machine reaches its endpoint and, where the host allows it, the network outside',
  },
  accelerator: { idle: 'the best that works on the host is taken' },
  machine_type: 'read',
  cpu_model: 'read',
  display: { idle: 'a build shows its display by itself: see /builds/{id}/screen' },
  use_default_display: { idle: 'a build shows its display by itself: see /builds/{id}/screen' },
  vga: { idle: 'a machine with a display has a standard VGA' },
  qemuargs: 'read',
  qemu_binary: ofHost,
  qemu_img_args: ofHost,
  qmp_enable: ofHost,
  qmp_socket_path: ofHost,
  efi_boot: 'read',
  efi_firmware_code: 'read',
  efi_firmware_vars: 'read',
  efi_drop_efivars: 'read',
  firmware: {
    refuse: 'no file is the firmware of a machine: write "efi_boot": true for UEFI, and leave it out for a BIOS',
  },
  use_pflash: { idle: 'UEFI has two flash chips' },
  vtpm: noTpm,
  use_tpm1: noTpm,
  tpm_device_type: { idle: 'there is none' },
} as const;

const defaultDiskMb = 40_960;

/** The disk that the image is, or the CD; `isDisk`: what the builder calls an ISO is a bootable disk. */
const translateMedia = (builder: Builder, isDisk: boolean, format: string): void => {
  const { keys, draft, reading } = builder;
  const found = imageOf(builder);
  if (found === undefined) reading.wrong.add(keys.pointer, 'has no "iso_url": the machine has nothing to begin with');
  const keepsSize = isDisk && keys.flag('skip_resize_disk');
  const [first, ...more] = disksOf(builder, keepsSize ? undefined : defaultDiskMb);
  const disks = [keepsSize ? { from: first.from } : first, ...more] as const;
  putDisks(builder, disks, isDisk ? { base: found } : { format });
  if (!isDisk && found !== undefined) draft.put(['machine', 'cdrom'], found.image, found.from);
};

/**
 * The number of processors. Sockets, cores and threads multiply to the most there are: it stands where "cpus" does not, and
 * bounds it where it does (packer-plugin-qemu, QemuSMPConfig).
 */
const putProcessors = ({ keys, draft, reading }: Builder): void => {
  const countOf = (key: string): number => {
    const count = keys.whole(key) ?? 0;
    if (count < 0) reading.wrong.add(keys.at(key), 'must not be negative');
    return count;
  };
  const cpus = countOf('cpus');
  const shape = ['sockets', 'cores', 'threads'].map((key) => ({ key, count: countOf(key) })).filter(({ count }) => count > 0); // prettier-ignore
  const [first] = shape;
  const most = shape.reduce((product, { count }) => product * count, 1);
  for (const { key } of shape)
    reading.notes.add(keys.at(key), 'says how many processors there are, and not how they are arranged');
  if (first !== undefined && (cpus <= 0 || cpus > most)) draft.put(['machine', 'cpus'], most, keys.at(first.key));
  else if (cpus > 0) draft.put(['machine', 'cpus'], cpus, keys.at('cpus'));
};

const translateModel = ({ keys, draft }: Builder): void => {
  for (const key of ['machine_type', 'cpu_model', 'net_device'] as const) {
    const text = keys.text(key);
    if (text !== undefined && text !== '')
      draft.put(['machine', 'model', key], key === 'machine_type' ? machineType(text) : text, keys.at(key));
  }
  const bus = keys.known('disk_interface');
  if (bus !== undefined && bus !== '')
    draft.put(['machine', 'model', 'disk_interface'], bus === 'virtio-scsi' ? 'scsi' : bus, keys.at('disk_interface'));
};

/** UEFI, also where only its files are named (packer-plugin-qemu, efi_boot); true: its variables are published. */
const translateFirmware = (builder: Builder): boolean => {
  const { keys, draft, reading } = builder;
  const file = keys.text('firmware') ?? '';
  if (isUefi(file)) putUefi(builder, keys.at('firmware'));
  else if (file !== '') reading.wrong.add(keys.at('firmware'), 'no file is the firmware of a machine: write "efi_boot": true for UEFI, and leave it out for a BIOS'); // prettier-ignore
  const named = (['efi_firmware_code', 'efi_firmware_vars'] as const).filter((key) => (keys.text(key) ?? '') !== '');
  if (!keys.flag('efi_boot') && named.length === 0) return false;
  for (const key of named) noteFirmware(builder, keys.at(key));
  draft.put(['machine', 'firmware'], 'uefi', keys.at(named[0] ?? 'efi_boot'));
  return !keys.flag('efi_drop_efivars');
};

/** How the system comes onto the disk, if the builder does not begin with one that is there. */
const translateInstall = (builder: Builder, isDisk: boolean, isSerial: boolean): void => {
  const { keys, draft } = builder;
  translateBoot(builder, isSerial ? 'serial' : 'keyboard');
  const timeout = installLimit(builder);
  if (!isDisk) putInstall(builder, { timeout });
  else if (hasBootCommand(builder)) putInstall(builder, { ends: 'never', timeout });
  // An installer draws on a display, whether somebody types or not.
  if (!isDisk && !isSerial) draft.put(['machine', 'display'], 'vga', keys.pointer);
};

/** Packer's builder for QEMU: what is typed goes to the keyboard. */
export const qemu: BuilderKind = {
  rules,
  translate: (builder) => {
    const { keys, reading } = builder;
    const isDisk = keys.flag('disk_image');
    const format = keys.known('format') ?? 'qcow2';
    if (!['raw', 'qcow2'].includes(format)) reading.wrong.add(keys.at('format'), 'must be "qcow2" or "raw"');
    putMemory(builder);
    putProcessors(builder);
    translateModel(builder);
    const keepsVariables = translateFirmware(builder);
    translateMedia(builder, isDisk, format);
    putNetwork(builder);
    const { serial } = readQemuArguments(builder);
    // Packer types on the keyboard whatever the serial line is for. A system that is there has a login on either.
    const isSerial = serial === 'only' || (isDisk && serial === 'used');
    translateHttp(builder);
    translateCd(builder);
    translateFloppy(builder);
    translateInstall(builder, isDisk, isSerial);
    translateShutdown(builder, translateSsh(builder));
    const { names: disks, from } = diskNames(builder);
    putArtifacts(builder, disks, format, from);
    if (keepsVariables) {
      builder.draft.put(['artifacts', disks.length], { efivars: true }, keys.pointer);
      builder.artifacts.push('efivars.fd');
    }
  },
};
