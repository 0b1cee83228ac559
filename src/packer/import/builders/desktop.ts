import { commonRules, type Builder, type BuilderKind } from '../builder.ts';
import type { Rules } from '../keys.ts';
import { disksOf, putArtifacts, putDisks } from '../groups/disks.ts';
import { bootRules, translateBoot, vncRules } from '../groups/boot.ts';
import { httpRules, translateHttp } from '../groups/http.ts';
import { imageOf, isoRules } from '../groups/iso.ts';
import { putCpus, putInstall, putMemory, putNetwork } from '../groups/machine.ts';
import { diskNames } from '../groups/names.ts';
import { removableRules, translateCd, translateFloppy } from '../groups/removable.ts';
import { shutdownRules, translateShutdown } from '../groups/shutdown.ts';
import { installLimit, sshRules, translateSsh } from '../groups/ssh.ts';
import { putSettings, type SettingKeys } from './desktop-settings.ts';

// The default of all three (packer-plugin-virtualbox, -vmware and -parallels, disk_size).
const defaultDiskMb = 40_000;

const shared = {
  ...commonRules,
  ...isoRules,
  ...httpRules,
  ...bootRules,
  ...vncRules,
  ...shutdownRules,
  ...sshRules,
  ...removableRules,
  vm_name: 'read',
  disk_size: 'read',
  disk_additional_size: 'read',
  memory: 'read',
  cpus: 'read',
  output_directory: { idle: 'artifacts are downloaded from the build' },
  format: { idle: 'the disk is published as qcow2' },
  firmware: 'read',
} as const satisfies Rules;

/** The same hardware, in the machine that is here. */
const translate = (builder: Builder, settings: SettingKeys, why: string): void => {
  const { keys, draft, reading } = builder;
  const found = imageOf(builder);
  if (found === undefined) reading.wrong.add(keys.pointer, 'has no "iso_url": the machine has nothing to begin with');
  else draft.put(['machine', 'cdrom'], found.image, found.from);
  const firmware = keys.known('firmware') ?? 'bios';
  if (firmware === 'efi') draft.put(['machine', 'firmware'], 'uefi', keys.at('firmware'));
  else if (firmware !== 'bios') reading.wrong.add(keys.at('firmware'), 'cannot be translated: there is "bios", and "efi" without secure boot'); // prettier-ignore
  putMemory(builder);
  putCpus(builder);
  putSettings(builder, settings, why);
  putDisks(builder, disksOf(builder, defaultDiskMb), { format: 'qcow2' });
  putNetwork(builder);
  translateHttp(builder);
  translateCd(builder);
  translateFloppy(builder);
  translateBoot(builder, 'keyboard');
  putInstall(builder, { timeout: installLimit(builder) });
  draft.put(['machine', 'display'], 'vga', keys.pointer);
  translateShutdown(builder, translateSsh(builder));
  const { names: disks, from } = diskNames(builder);
  putArtifacts(
    builder,
    disks.map((disk) => `${disk}.qcow2`),
    'qcow2',
    from,
  );
};

/**
 * A builder for a hypervisor that is not here, of which only the hardware is taken: by the keys that all have, and by its own
 * settings; `others` are its own keys, which are not.
 */
export const desktopBuilder = (hypervisor: string, settings: SettingKeys, others: readonly string[]): BuilderKind => {
  const why = `it is ${hypervisor}'s, and the machine is built in this host's hypervisor`;
  const own = Object.fromEntries(others.map((key) => [key, { idle: why }]));
  const read = Object.fromEntries(settings.keys.map((key) => [key, 'read' as const]));
  return { rules: { ...own, ...read, ...shared }, translate: (builder) => translate(builder, settings, why) };
};
