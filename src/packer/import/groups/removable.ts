import { posix } from 'node:path';
import type { Builder } from '../builder.ts';
import type { Rules, Written } from '../keys.ts';
import { contextPath } from '../paths.ts';

const floppy = {
  refuse:
    'no floppy is made of files: serve them under "http_directory", or make its image and write "floppy": "media:..." in "machine" of the translation',
} as const;

/** Packer's keys for media that it makes of files. */
export const removableRules = {
  floppy_files: floppy,
  floppy_dirs: floppy,
  floppy_content: floppy,
  floppy_label: { idle: 'no such medium is made' },
  cd_files: 'read',
  cd_content: 'read',
  cd_label: 'read',
} as const satisfies Rules;

/** The files of a NoCloud seed (cloud-init's documentation), and the keys of `cloud_init`. */
const seedKeys: Readonly<Record<string, string>> = {
  'user-data': 'user_data',
  'meta-data': 'meta_data',
  'network-config': 'network_config',
  'vendor-data': 'vendor_data',
};

const why =
  'cannot be translated: no CD is made of files but the seed of cloud-init ("cd_label": "cidata" with user-data, meta-data, network-config, vendor-data): serve the files under "http_directory"';

/** A file, or those of a folder that is named with or without `/*` behind it. */
const filesOf = ({ text, at }: Written, { reading }: Builder): readonly Written[] => {
  const path = reading.wrong.attempt(at, '', () => contextPath(text.replace(/\/\*$/, '')));
  const inside = path === '' ? [] : reading.files.below(path);
  return inside.length === 0 ? [{ text: path, at }] : inside.map((name) => ({ text: posix.join(path, name), at }));
};

/** The seed of cloud-init that a CD holds, as `cloud_init` of the machine; any other CD is an error. */
export const translateCd = (builder: Builder): void => {
  const { keys, draft, reading } = builder;
  const texts = keys.map('cd_content') ?? [];
  const files = (keys.list('cd_files') ?? []).flatMap((file) => filesOf(file, builder));
  const isSeed = keys.known('cd_label')?.toLowerCase() === 'cidata';
  const put = (name: string, value: unknown, at: string) => {
    const key = isSeed && Object.hasOwn(seedKeys, name) ? seedKeys[name] : undefined;
    if (key === undefined) reading.wrong.add(isSeed ? at : at.replace(/(\/cd_(?:files|content)).*$/, '$1'), why);
    else draft.put(['machine', 'cloud_init', key], value, at);
  };
  for (const { text, at } of files) put(posix.basename(text), { file: text }, at);
  for (const { name, text, at } of texts) put(name.replace(/^\//, ''), text, at);
};
