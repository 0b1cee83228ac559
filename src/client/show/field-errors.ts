import { open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isWithin } from '../../base/file/is-within.ts';
import { visible } from '../../base/text/visible.ts';
import type { FieldError } from '../api/types.ts';
import { asTyped, placeAsTyped } from './as-typed.ts';
import type { OutputLine } from './output.ts';

/** A place in a file of the folder that was sent; line and column from 1, columns in code points. */
type Place = { readonly file: string; readonly line: number; readonly column: number };

// Of a variable that is given no value the file that declares it is named; else, in HCL a place is `file:line:column`; in JSON and YAML it is `file:pointer`, and line and column stand beside it.
const placeOf = ({ pointer, file: named, line, column }: FieldError): Place | undefined => {
  if (named !== undefined && line !== undefined && column !== undefined) return { file: named, line, column };
  const [, hclFile, hclLine, hclColumn] = /^([^:]+):(\d+):(\d+)/.exec(pointer) ?? [];
  if (hclFile !== undefined) return { file: hclFile, line: Number(hclLine), column: Number(hclColumn) };
  const [, file] = /^([^:/]+\.(?:json|ya?ml|hcl)):/.exec(pointer) ?? [];
  return file === undefined || line === undefined || column === undefined ? undefined : { file, line, column };
};

// The daemon takes no larger one.
const largestFile = 4 * 1024 * 1024;

/** The lines of a file of the folder; none where it is not in there, whatever its name says. */
const linesOf = async (folder: string, file: string): Promise<readonly string[]> => {
  try {
    const [top, path] = await Promise.all([realpath(folder), realpath(join(folder, file))]);
    if (!isWithin(top, path)) return [];
    await using handle = await open(path);
    const stats = await handle.stat();
    return stats.isFile() && stats.size <= largestFile ? (await handle.readFile('utf8')).split(/\r?\n/) : [];
  } catch {
    // It was there when it was sent; what is gone meanwhile cannot be shown.
    return [];
  }
};

const shownBefore = 60;
const shownBehind = 60;

/** The line with a caret below the place; a long one is cut around it. */
const caretLines = (text: string, { line, column }: Place): readonly OutputLine[] => {
  const characters = [...text];
  const from = Math.max(0, column - 1 - shownBefore);
  const before = visible(characters.slice(from, column - 1).join(''));
  const behind = visible(characters.slice(column - 1, column - 1 + shownBehind).join(''));
  const number = String(line);
  return [
    [{ as: 'dim', text: `  ${number} | ` }, `${before}${behind}`],
    [
      { as: 'dim', text: `  ${' '.repeat(number.length)} | ` },
      before.replace(/[^\t]/gu, ' '),
      { as: 'red', text: '^' },
    ],
  ];
};

// What is wrong in HCL comes with its line and a caret, which are shown here as in the other forms.
const withoutCaret = (message: string): string => message.replace(/\n[^\n]*\n[ \t]*\^$/, '');

/** The folder that was sent, and the files that were sent in place of those in it. */
export type SentFolder = { readonly folder: string; readonly made: readonly string[] };

const textAt = async (place: Place | undefined, sent: SentFolder | undefined): Promise<string | undefined> =>
  place === undefined || sent === undefined || sent.made.includes(place.file)
    ? undefined
    : (await linesOf(sent.folder, place.file))[place.line - 1];

const one = async (error: FieldError, sent: SentFolder | undefined): Promise<readonly OutputLine[]> => {
  const place = placeOf(error);
  const text = await textAt(place, sent);
  const message = asTyped(error.message);
  if (place === undefined || text === undefined)
    return [[{ as: 'bold', text: error.pointer === '' ? 'the whole' : placeAsTyped(error.pointer) }, ` ${message}`]];
  const isNamed = error.pointer.startsWith(`${place.file}:`);
  const pointer = isNamed ? error.pointer.slice(place.file.length + 1) : placeAsTyped(error.pointer);
  const what = pointer.startsWith('/') || !isNamed ? `${pointer} ` : '';
  return [
    [{ as: 'bold', text: `${place.file}:${place.line}:${place.column}` }],
    ...caretLines(text, place),
    `  ${what}${withoutCaret(message)}`,
  ];
};

/** The places of a request that are wrong, each with the line of the sent folder's file that it means, and a caret. */
export const fieldErrorLines = async (
  errors: readonly FieldError[],
  sent: SentFolder | undefined,
): Promise<readonly OutputLine[]> => (await Promise.all(errors.map((error) => one(error, sent)))).flat();
