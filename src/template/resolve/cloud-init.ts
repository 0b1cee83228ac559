import type { FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { hostnameOf } from '../../base/machine/hostname.ts';
import type { Template } from '../document/template.ts';
import type { CloudInitSeed, HttpEntry, Spec, Text } from '../spec.ts';
import type { Fields } from './fields.ts';
import { renderedFile } from './http.ts';

type CloudInit = NonNullable<Template['machine']['cloud_init']>;

type Parts = {
  readonly template: Template;
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  readonly communicator: Spec['communicator'];
  readonly buildId: string;
};

/** Where the endpoint has the files of a seed that is named by the serial number. */
export const seedPath = 'cloud-init/';

const at = '/machine/cloud_init';

const key = { runtime: 'ssh_public_key', apply: [] } as const;

/** A value as JSON, which is YAML as well, with its texts filled in; what the machine tells has no character to escape. */
const jsonText = (value: unknown, pointer: string, fields: Fields): Text => {
  if (typeof value === 'string') {
    const filled = fields.text(pointer, value);
    return [
      '"',
      ...filled.map((piece) => (typeof piece === 'string' ? JSON.stringify(piece).slice(1, -1) : piece)),
      '"',
    ];
  }
  if (Array.isArray(value))
    return ['[', ...value.flatMap((one: unknown, n): Text => [n === 0 ? '' : ', ', ...jsonText(one, `${pointer}/${n}`, fields)]), ']']; // prettier-ignore
  if (typeof value === 'object' && value !== null)
    return [
      '{',
      ...Object.entries(value).flatMap(([name, one], n): Text => [
        `${n === 0 ? '' : ', '}${JSON.stringify(name)}: `,
        ...jsonText(one, pointer + pointerTo([name]), fields),
      ]),
      '}',
    ];
  return [JSON.stringify(value)];
};

/** One key to a line, so that people can read it. */
const cloudConfig = (config: object, pointer: string, fields: Fields): Text => [
  '#cloud-config\n',
  ...Object.entries(config).flatMap(([name, value]): Text => [
    `${JSON.stringify(name)}: `,
    ...jsonText(value, pointer + pointerTo([name]), fields),
    '\n',
  ]),
];

/** Lets the key of the build in, for a user that is made where there is none. */
const defaultUserData = (communicator: Spec['communicator']): Text => {
  if (communicator?.type !== 'ssh') return ['#cloud-config\n{}\n'];
  const { username } = communicator;
  const isRoot = username === 'root';
  return [
    `#cloud-config\n${isRoot ? 'disable_root: false\n' : ''}users:\n  - default\n  - name: "${username}"\n`,
    ...(isRoot ? [] : ['    sudo: "ALL=(ALL) NOPASSWD:ALL"\n    shell: /bin/sh\n']),
    ...['    ssh_authorized_keys:\n      - "', key, '"\n'],
  ];
};

const isObject = (value: unknown): value is { readonly file: string } | object => typeof value === 'object';

const isFile = (value: object): value is { readonly file: string } =>
  Object.keys(value).length === 1 && 'file' in value && typeof value.file === 'string';

const textOf = async (value: NonNullable<CloudInit['user_data']>, pointer: string, parts: Parts): Promise<Text> => {
  const { fields } = parts;
  if (!isObject(value)) return fields.text(pointer, value);
  if (!isFile(value)) return cloudConfig(value, pointer, fields);
  const { at: place, raw } = await renderedFile(value.file, `${pointer}/file`, parts);
  return fields.text(place, raw);
};

const judgeKey = (files: CloudInitSeed['files'], { wrong, communicator }: Parts): void => {
  if (communicator?.type === 'ssh') return;
  const usesKey = files.some(({ text }) => text.some((piece) => typeof piece === 'object' && piece.runtime === key.runtime)); // prettier-ignore
  if (usesKey) wrong.add(at, 'uses {{ ssh_public_key }}, and there is no "communicator" for which a key would be made');
};

/** What cloud-init is to find; undefined where the template has none. */
export const resolveCloudInit = async (parts: Parts): Promise<CloudInitSeed | undefined> => {
  const { template, wrong, communicator, buildId } = parts;
  const { cloud_init: asked, nics } = template.machine;
  if (asked === undefined) return undefined;
  if (asked.by === 'smbios' && nics.length === 0)
    wrong.add(`${at}/by`, 'is "smbios", whose files come from the endpoint, and the machine has no network');
  const own = {
    user_data: defaultUserData(communicator),
    meta_data: [`instance-id: imaged-${buildId}\nlocal-hostname: ${hostnameOf(template.name, 'imaged')}\n`],
    network_config: undefined,
    vendor_data: asked.by === 'smbios' ? [''] : undefined,
  } as const;
  const files: { name: string; text: Text }[] = [];
  for (const name of ['user_data', 'meta_data', 'network_config', 'vendor_data'] as const) {
    const given = asked[name];
    const text = given === undefined ? own[name] : await textOf(given, `${at}/${name}`, parts);
    if (text !== undefined) files.push({ name: name.replace('_', '-'), text });
  }
  judgeKey(files, parts);
  return { by: asked.by, files };
};

/** What the endpoint serves of it. */
export const seedEntries = (seed: CloudInitSeed | undefined): readonly HttpEntry[] =>
  seed?.by === 'smbios' ? seed.files.map(({ name, text }) => ({ path: seedPath + name, kind: 'text', text })) : [];
