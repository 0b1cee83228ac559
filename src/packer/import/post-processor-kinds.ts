import { hasPlaceholders } from '../../template/language/expression.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { quoted } from '../../base/text/nearest.ts';
import { isObject, judgeKeys, makeKeys, type ImportKeys, type KeyReading, type Rules, type Written } from './keys.ts';
import { contextPath } from './paths.ts';
import { idleOfShellLocal } from './provisioners/shell-local.ts';
import { shellLocal } from './provisioners/table.ts';
import type { MadeProvisioners } from './provisioners/kinds.ts';

/** For which builder a post-processor is translated, and what it works on. */
export type PostProcessorTarget = {
  /** The builder's name as it is written, and its type. */
  readonly raw: string;
  readonly type: string;
  /** The names of the artifacts that there are by then; undefined: not known. */
  readonly names: readonly string[] | undefined;
  /** The folder into which Packer puts what the builder makes. */
  readonly output: string;
  readonly reading: KeyReading;
};

/** What stands in a post-processor's place: its keys, and the artifacts that there are afterwards. */
type Translated = { readonly made: MadeProvisioners; readonly names: readonly string[] | undefined };

type Kind = { readonly rules: Rules; readonly make: (keys: ImportKeys, target: PostProcessorTarget) => Translated };

/** The keys of every post-processor. */
export const commonRules = {
  type: 'read',
  name: { idle: 'steps are named by type and number' },
  only: 'read',
  except: 'read',
  keep_input_artifact: 'read',
} as const satisfies Rules;

const lastPart = (path: string): string => path.replace(/^[^]*[\\/]/, '');

const textOf = (keys: ImportKeys, key: string): string | undefined => {
  const text = keys.text(key);
  return text === '' ? undefined : text;
};

const one = (key: string, value: unknown, from: string): MadeProvisioners => [{ key, value, from }];

const levelOf = (keys: ImportKeys, key: string): MadeProvisioners => {
  const level = keys.whole('compression_level');
  // Packer: less than 0 is gzip's default.
  return level === undefined || level < 0 ? [] : one(key, level, keys.at('compression_level'));
};

const keepOf = (keys: ImportKeys): MadeProvisioners =>
  keys.flag('keep_input_artifact') ? one('keep_input_artifact', true, keys.at('keep_input_artifact')) : [];

const pathOf = ({ text, at }: Written, { wrong }: KeyReading): string =>
  wrong.attempt(at, text, () => contextPath(text));

const virtualbox = ['virtualbox', 'virtualbox-iso', 'virtualbox-ovf'];
const libvirt = ['libvirt', 'qemu', 'openbsd-vmm'];

/** For which provider the box of a builder is. */
const providerOf = (keys: ImportKeys, { type, reading }: PostProcessorTarget): string => {
  const asked = textOf(keys, 'provider_override');
  const of = asked ?? type;
  if (virtualbox.includes(of)) return 'virtualbox';
  if (!libvirt.includes(of))
    reading.notes.add(
      asked === undefined ? keys.at('type') : keys.at('provider_override'),
      `makes a box for ${quoted(of)}, which is not made here: one for libvirt is`,
    );
  return 'libvirt';
};

/** A name of Packer's, whose dots are known when the template is translated; folders in front of it are left out. */
const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  lastPart(text.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (written, name: string) => values[name] ?? written));

const defaultBox = 'packer_{{.BuildName}}_{{.Provider}}_{{.Architecture}}.box';

const boxRules = {
  output: 'read',
  compression_level: 'read',
  include: 'read',
  vagrantfile_template: 'read',
  vagrantfile_template_generated: { idle: 'the context is whole when it is sent' },
} as const satisfies Rules;

/** The keys of a box for this provider: what `override` has for it counts above those beside it. */
const keysOfBox = (keys: ImportKeys, provider: string, reading: KeyReading): ImportKeys => {
  const given = keys.raw('override');
  if (given === undefined) return keys;
  if (!isObject(given)) reading.wrong.add(keys.at('override'), 'must be an object of providers and their keys');
  const others = Object.entries(isObject(given) ? given : {}).flatMap(([name, object]) => {
    const pointer = `${keys.at('override')}${pointerTo([name])}`;
    if (name !== provider) reading.notes.add(pointer, `is not taken: the box is one for ${provider}`);
    else if (!isObject(object)) reading.wrong.add(pointer, 'must be an object of keys');
    else return [{ object, pointer }];
    return [];
  });
  for (const layer of others) judgeKeys(makeKeys([layer], reading), boxRules, '"override"', reading);
  const object = Object.fromEntries(keys.names().map((name) => [name, keys.raw(name)]));
  return makeKeys([{ object, pointer: keys.pointer }, ...others], reading);
};

/** packer-plugin-vagrant. */
const vagrant: Kind = {
  rules: {
    ...commonRules,
    ...boxRules,
    provider_override: 'read',
    architecture: 'read',
    override: 'read',
  },
  make: (written, target) => {
    const { raw, reading } = target;
    const provider = providerOf(written, target);
    const keys = keysOfBox(written, provider, reading);
    const architecture = textOf(keys, 'architecture');
    const values = { BuildName: raw, Provider: provider, ArtifactId: provider, Architecture: architecture ?? 'amd64' };
    const output = filled(textOf(keys, 'output') ?? defaultBox, values);
    const include = keys.list('include');
    const template = textOf(keys, 'vagrantfile_template');
    const at = (key: string) => (keys.raw(key) === undefined ? keys.pointer : keys.at(key));
    return {
      made: [
        ...one('type', 'vagrant', keys.pointer),
        ...one('providers', [provider], at('provider_override')),
        ...one('output', output, at('output')),
        ...levelOf(keys, 'compression_level'),
        ...(include === undefined
          ? []
          : one(
              'include',
              include.map((file) => pathOf(file, reading)),
              keys.at('include'),
            )),
        ...(template === undefined
          ? []
          : one(
              'vagrantfile_template',
              pathOf({ text: template, at: keys.at('vagrantfile_template') }, reading),
              keys.at('vagrantfile_template'),
            )),
        ...(architecture === undefined ? [] : one('architecture', architecture, keys.at('architecture'))),
        ...keepOf(keys),
      ],
      names: hasPlaceholders(output) ? undefined : [output],
    };
  },
};

/** Packer's artifice: paths of the host, of which the last part names a file here. */
const artifice: Kind = {
  rules: { ...commonRules, files: 'read' },
  make: (keys, { reading }) => {
    const files = keys.list('files') ?? [];
    for (const { text, at } of files)
      if (lastPart(text) !== text)
        reading.notes.add(at, `is taken as ${quoted(lastPart(text))}: artifacts and downloaded files have no folders`);
    const from = files.length === 0 ? keys.pointer : keys.at('files');
    const names = files.map(({ text }) => lastPart(text));
    return {
      made: [...one('type', 'artifice', keys.pointer), ...one('files', names, from), ...keepOf(keys)],
      names: undefined,
    };
  },
};

/** packer-plugin-googlecompute: what it would have put into a bucket. */
const googlecomputeExport: Kind = {
  rules: {
    ...commonRules,
    paths: 'read',
    ...Object.fromEntries(
      [
        ...['account_file', 'credentials_file', 'credentials_json', 'access_token', 'impersonate_service_account'],
        ...['vault_gcp_oauth_engine', 'scopes', 'service_account_email', 'disk_size', 'disk_type', 'machine_type'],
        ...['network', 'subnetwork', 'zone', 'project_id'],
      ].map((key) => [key, { idle: 'the tarball is made on this host, and is an artifact' }]),
    ),
  },
  make: (keys, { names, reading }) => {
    const [path, ...others] = keys.list('paths') ?? [];
    if (path !== undefined)
      reading.notes.add(path.at, 'is not uploaded: the tarball is an artifact, under the last part of this name');
    for (const { at } of others) reading.notes.add(at, 'is not taken: there is one tarball');
    const name = path === undefined ? undefined : lastPart(path.text);
    const [disk] = names ?? [];
    return {
      made: [
        ...one('type', 'tarball', keys.pointer),
        ...(disk === undefined ? [] : one('artifact', disk, keys.pointer)),
        ...(name === undefined ? [] : one('output', name, path?.at ?? keys.pointer)),
        ...keepOf(keys),
      ],
      names: name === undefined || hasPlaceholders(name) ? undefined : [name],
    };
  },
};

/** Tells of a command that looks for the image where Packer puts it: here it lies elsewhere. */
const noteOutput = (keys: ImportKeys, { output, reading }: PostProcessorTarget): void => {
  for (const { text, at } of ['inline', 'command'].flatMap((key) => keys.list(key) ?? []))
    if (text.includes(output))
      reading.notes.add(at, `names ${quoted(output)}, Packer's output folder, which is not there: $IMAGED_ARTIFACTS is the folder of what it takes`); // prettier-ignore
};

/** Packer's shell-local: what it takes goes on. */
const shellLocalKind: Kind = {
  rules: {
    ...commonRules,
    ...Object.fromEntries(
      [
        ...['inline', 'script', 'scripts', 'command', 'env', 'environment_vars', 'valid_exit_codes', 'only_on'],
        ...['execute_command', 'inline_shebang'],
      ].map((key) => [key, 'read' as const]),
    ),
    ...idleOfShellLocal,
  },
  make: (keys, target) => {
    const { type, names, reading } = target;
    noteOutput(keys, target);
    const made = shellLocal(keys, { reading, builderType: type });
    return { made: made.filter(({ key }) => key !== 'keep_input_artifact' && key !== 'name'), names };
  },
};

/** Those whose rule stands here. */
export const madeKinds = {
  vagrant,
  artifice,
  'googlecompute-export': googlecomputeExport,
  'shell-local': shellLocalKind,
} as const satisfies Record<string, Kind>;
