import { posix } from 'node:path';
import { bounds } from '../../../base/bounds.ts';
import { commonRules, type Builder, type BuilderKind } from '../builder.ts';
import { disksOf, putArtifacts, putDisks } from '../groups/disks.ts';
import { bootRules, hasBootCommand, translateBoot } from '../groups/boot.ts';
import { httpFolder, httpRules, translateHttp } from '../groups/http.ts';
import { putInstall, putNetwork } from '../groups/machine.ts';
import { shutdownRules, translateShutdown } from '../groups/shutdown.ts';
import { sshRules, translateSsh } from '../groups/ssh.ts';
import { matcher } from '../glob.ts';
import { contextPath } from '../paths.ts';

// Keys and defaults: packer-builder-openbsd-vmm, builder/openbsd-vmm/config.go and step_gen_files.go.
const rules = {
  ...commonRules,
  ...httpRules,
  ...bootRules,
  ...shutdownRules,
  ...sshRules,
  vm_name: 'read',
  vm_template: { idle: 'the host has templates of its own for its machines' },
  boot_device: 'read',
  boot: 'read',
  cdrom: 'read',
  disk_format: 'read',
  disk_base: 'read',
  disk_size: 'read',
  memory: 'read',
  log_directory: { idle: 'the console is kept with the build: see /builds/{id}/console' },
  output_directory: { idle: 'artifacts are downloaded from the build' },
  user_data: { idle: 'the plugin does not read it either' },
  gen_files_extension: 'read',
  gen_files_pattern: 'read',
} as const;

/** Files of the served folder that the plugin renders: `vm_name*.pkr.in` becomes a file without the ending. */
const translateGenerated = (builder: Builder, vmName: string): void => {
  const { keys, draft, reading } = builder;
  const folder = httpFolder(builder);
  if (folder === undefined) return;
  const extension = `.${keys.known('gen_files_extension') ?? 'pkr.in'}`;
  const pattern = keys.known('gen_files_pattern') ?? vmName;
  const isGenerated = matcher(`${pattern}*${extension}`);
  const found = reading.wrong.attempt(keys.at('http_directory'), [], () => {
    const known = reading.fill(folder);
    return known === undefined
      ? []
      : reading.files.below(known).map((path) => ({ path, file: posix.join(known, path) }));
  });
  for (const { path, file } of found.slice(0, bounds.httpEntries)) {
    if (!isGenerated.test(posix.basename(path))) continue;
    draft.put(['http', path.slice(0, -extension.length)], { file, render: true }, keys.at('http_directory'));
  }
};

const reference = ({ keys, reading }: Builder, key: string): string | undefined => {
  const path = keys.text(key);
  return path === undefined || path === ''
    ? undefined
    : reading.wrong.attempt(keys.at(key), undefined, () => contextPath(path));
};

const translateMachine = (builder: Builder, format: string): void => {
  const { keys, draft } = builder;
  for (const [key, path] of [
    ['cdrom', ['machine', 'cdrom']],
    ['boot', ['machine', 'boot', 'kernel']],
  ] as const) {
    const file = reference(builder, key);
    if (file !== undefined) draft.put(path, file, keys.at(key));
  }
  const device = keys.text('boot_device');
  if (device !== undefined && device !== '') draft.put(['machine', 'boot', 'device'], device, keys.at('boot_device'));
  const memory = keys.text('memory');
  if (memory !== undefined) draft.put(['machine', 'memory'], memory, keys.at('memory'));
  const base = reference(builder, 'disk_base');
  const from = keys.at('disk_base');
  putDisks(builder, disksOf(builder, undefined), {
    format,
    base: base === undefined ? undefined : { image: base, from },
  });
};

/** The builder for vmd(8): what is typed goes to the serial line. */
export const openbsdVmm: BuilderKind = {
  rules,
  translate: (builder) => {
    const { keys, reading } = builder;
    const vmName = keys.text('vm_name');
    if (vmName === undefined) reading.wrong.add(keys.pointer, 'has no "vm_name"');
    const format = keys.known('disk_format') ?? 'raw';
    if (!['raw', 'qcow2'].includes(format)) reading.wrong.add(keys.at('disk_format'), 'must be "raw" or "qcow2"');
    translateMachine(builder, format);
    putNetwork(builder);
    translateHttp(builder);
    translateGenerated(
      builder,
      reading.wrong.attempt(keys.at('vm_name'), '', () => reading.fill(vmName ?? '') ?? ''),
    );
    translateBoot(builder, 'serial');
    if (hasBootCommand(builder)) putInstall(builder, { timeout: undefined });
    translateShutdown(builder, translateSsh(builder));
    putArtifacts(
      builder,
      [`${vmName ?? ''}.${format}`],
      format,
      keys.raw('vm_name') === undefined ? keys.pointer : keys.at('vm_name'),
    );
  },
};
