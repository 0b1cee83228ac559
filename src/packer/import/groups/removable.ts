import { posix } from 'node:path';
import type { Builder } from '../builder.ts';
import { isGlob, matcher } from '../glob.ts';
import type { Rules, Written } from '../keys.ts';
import { contextPath, isMedium } from '../paths.ts';

/** Packer's keys for media that it makes of files. */
export const removableRules = {
  floppy_files: 'read',
  floppy_dirs: 'read',
  floppy_content: 'read',
  floppy_label: 'read',
  cd_files: 'read',
  cd_content: 'read',
  cd_label: 'read',
} as const satisfies Rules;

/** The files of a NoCloud seed (cloud-init's documentation), and the keys of `cloud_init`. */
export const seedKeys: Readonly<Record<string, string>> = {
  'user-data': 'user_data',
  'meta-data': 'meta_data',
  'network-config': 'network_config',
  'vendor-data': 'vendor_data',
};

/** What stands under one path of a medium, and where Packer has it. */
type Item = { readonly name: string; readonly value: { readonly file: string } | { readonly folder: string } | { readonly content: string }; readonly at: string }; // prettier-ignore

/** The files and folders that a pattern names, or the path itself. */
const matches = (path: string, { reading }: Builder): readonly string[] => {
  if (!isGlob(path) || isMedium(path)) return [path];
  const fits = matcher(path);
  const parts = path.split('/');
  const folder = parts.slice(0, parts.findIndex(isGlob)).join('/');
  const there = reading.files
    .below(folder === '' ? '.' : folder)
    .map((file) => posix.join(folder, file).split('/').slice(0, parts.length).join('/'));
  return [...new Set(there)].filter((file) => fits.test(file));
};

/** The path as it is known now, from the context. */
const pathOf = ({ text, at }: Written, { reading }: Builder): string | undefined =>
  reading.wrong.attempt(at, undefined, () => contextPath(reading.fill(text) ?? text).replace(/(?<=.)\/$/, ''));

const itemsOf = (written: Written, builder: Builder): readonly Item[] => {
  const { at } = written;
  const path = pathOf(written, builder);
  if (path === undefined) return [];
  const found = matches(path, builder);
  if (found.length === 0) builder.reading.wrong.add(at, `names no file of the context: nothing fits ${JSON.stringify(path.slice(0, 100))}`); // prettier-ignore
  return found.map((one): Item => {
    const isFolder = builder.reading.files.below(one).length > 0;
    return { name: posix.basename(one), value: isFolder ? { folder: one } : { file: one }, at };
  });
};

/** The files right in a folder that is named: `floppy_files` has no folders (packer-plugin-sdk, step_create_floppy.go). */
const flat = (item: Item, { reading }: Builder): readonly Item[] => {
  if (!('folder' in item.value)) return [item];
  const { folder } = item.value;
  return reading.files.below(folder).map((file) => ({ name: posix.basename(file), value: { file: posix.join(folder, file) }, at: item.at })); // prettier-ignore
};

/** What is in a folder that is named with a slash at its end: `cd_files` leave out the folder itself (step_create_cdrom.go). */
const inside = (item: Item, { reading }: Builder): readonly Item[] => {
  if (!('folder' in item.value)) return [item];
  const { folder } = item.value;
  return reading.files.below(folder).map((name) => ({ name, value: { file: posix.join(folder, name) }, at: item.at }));
};

const contentsOf = ({ keys }: Builder, key: string): readonly Item[] =>
  (keys.map(key) ?? []).map(({ name, text, at }) => ({ name: name.replace(/^\//, ''), value: { content: text }, at }));

const putMedium = (builder: Builder, medium: 'cd' | 'floppy', items: readonly Item[], from: string): void => {
  const { keys, draft } = builder;
  const place = ['machine', `${medium}_of_files`] as const;
  const label = keys.text(`${medium}_label`);
  draft.put(place, { files: {} }, from);
  if (label !== undefined && label !== '') draft.put([...place, 'label'], label, keys.at(`${medium}_label`));
  for (const { name, value, at } of items) draft.put([...place, 'files', name], value, at);
};

/** The files of the floppy that the builder makes. */
export const translateFloppy = (builder: Builder): void => {
  const { keys } = builder;
  const files = (keys.list('floppy_files') ?? []).flatMap((file) => itemsOf(file, builder));
  const folders = (keys.list('floppy_dirs') ?? []).flatMap((folder) => itemsOf(folder, builder));
  const items = [...files.flatMap((item) => flat(item, builder)), ...folders, ...contentsOf(builder, 'floppy_content')];
  const from = ['floppy_files', 'floppy_dirs', 'floppy_content'].find((key) => keys.raw(key) !== undefined);
  if (from !== undefined && items.length > 0) putMedium(builder, 'floppy', items, keys.at(from));
};

/** Whether all of it is what cloud-init looks for. */
const isSeed = (items: readonly Item[], label: string | undefined): boolean =>
  label?.toLowerCase() === 'cidata' &&
  items.every(({ name, value }) => Object.hasOwn(seedKeys, name) && !('folder' in value));

/** `dir/*` and `dir` alike, where the CD is a seed: what cloud-init looks for lies in its root. */
const seedItems = (items: readonly Item[], builder: Builder): readonly Item[] => items.flatMap((item) => flat(item, builder)); // prettier-ignore

/** The files of the CD that the builder makes: the seed of cloud-init as `cloud_init` of the machine, any other as it is. */
export const translateCd = (builder: Builder): void => {
  const { keys, draft } = builder;
  const files = (keys.list('cd_files') ?? []).flatMap((file) => {
    const found = itemsOf(file, builder);
    return file.text.endsWith('/') ? found.flatMap((item) => inside(item, builder)) : found;
  });
  const items = [...files, ...contentsOf(builder, 'cd_content')];
  const from = ['cd_files', 'cd_content'].find((key) => keys.raw(key) !== undefined);
  if (from === undefined || items.length === 0) return;
  const label = keys.known('cd_label');
  const seed = seedItems(items, builder);
  if (!isSeed(seed, label)) putMedium(builder, 'cd', items, keys.at(from));
  else
    for (const { name, value, at } of seed) {
      const key = seedKeys[name] ?? name;
      draft.put(['machine', 'cloud_init', key], 'content' in value ? value.content : value, at);
    }
};
