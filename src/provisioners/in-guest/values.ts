import { withoutEnd } from '../../base/pattern/without-end.ts';
import { posix } from 'node:path';
import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { variableName } from '../../base/text/shell.ts';
import { Words } from '../../template/document/words.ts';
import type { FileRef, Text } from '../../template/spec.ts';
import type { ProvisionerPlace } from '../kind.ts';

/** A file or folder of the context, or a medium. */
export const Listed = Words.min(1).max(1000);

export const ListedSeveral = z.array(Listed).max(bounds.scripts).default([]);

export const Arguments = z.array(Words.max(4096)).max(bounds.environment).default([]);

/** Texts by name, where a name has to be that of a variable. */
export const NamedTexts = z
  .record(z.string().regex(new RegExp(`^${variableName}$`), 'is not a name: letters, digits and _'), Words)
  .refine(...atMost(bounds.environment, 'entries'))
  .default({});

export const GuestFolder = Words.min(1).max(1000);

export const Command = Words.max(4096);

const plainName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Throws a ParseError. */
const parseGuestFolder = (raw: number | string): string => {
  const folder = String(raw);
  if (!/^\/[A-Za-z0-9._/-]*$/.test(folder))
    throw new ParseError(`${quoted(folder)} must be an absolute path of letters, digits and . _ - /`);
  return folder === '/' ? folder : withoutEnd(folder, '/');
};

/** An absolute folder of the guest, in letters that need no quotes in a command; after a field error, `/`. */
export const guestFolderOf = (
  raw: string,
  key: string,
  { pointer, fields }: Pick<ProvisionerPlace, 'pointer' | 'fields'>,
): string => fields.made(`${pointer}/${key}`, raw, '/', parseGuestFolder);

/** Where something comes in the guest below a folder, under the name that it has; a field error for one that needs quotes. */
export const placeIn = (
  folder: string,
  { shown }: FileRef,
  pointer: string,
  { wrong }: Pick<ProvisionerPlace, 'wrong'>,
): string => {
  const name = posix.basename(shown);
  if (!plainName.test(name))
    wrong.add(pointer, `${quoted(name)} stands in a command: its name must be of letters, digits and . _ -`);
  return posix.join(folder, name);
};

/** A text that may be empty, or be known only when the machine runs. */
export const textOr = (raw: string | undefined, key: string, { pointer, fields }: ProvisionerPlace): Text =>
  raw === undefined ? [] : fields.text(`${pointer}/${key}`, raw);

/** Arguments as one text, with blanks between them: the guest's shell takes them apart. */
export const argumentsOf = (list: readonly string[], key: string, { pointer, fields }: ProvisionerPlace): Text =>
  list.flatMap((raw, at): Text => {
    const text = fields.text(`${pointer}/${key}/${at}`, raw);
    return at === 0 ? text : [' ', ...text];
  });

/** Arguments that have to be known when the template is read. */
export const argumentsList = (
  list: readonly string[],
  key: string,
  { pointer, fields }: ProvisionerPlace,
): readonly string[] => list.map((raw, at) => fields.early(`${pointer}/${key}/${at}`, raw) ?? '');

export const namedTextsOf = (
  map: Readonly<Record<string, string>>,
  key: string,
  { pointer, fields }: ProvisionerPlace,
): Readonly<Record<string, Text>> =>
  Object.fromEntries(Object.entries(map).map(([name, raw]) => [name, fields.text(`${pointer}/${key}/${name}`, raw)]));

/** Files or folders, one after the other. */
export const listedOf = async (
  list: readonly string[],
  key: string,
  { pointer, fields }: ProvisionerPlace,
  kind: 'file' | 'folder' | 'either',
): Promise<readonly FileRef[]> => {
  const found: FileRef[] = [];
  for (const [at, one] of list.entries()) found.push(await fields.file(`${pointer}/${key}/${at}`, one, kind));
  return found;
};

/** The same for a key that may be left out: none or one. */
export const listedOr = async (
  raw: string | undefined,
  key: string,
  { pointer, fields }: ProvisionerPlace,
  kind: 'file' | 'folder' | 'either',
): Promise<readonly FileRef[]> => (raw === undefined ? [] : [await fields.file(`${pointer}/${key}`, raw, kind)]);
