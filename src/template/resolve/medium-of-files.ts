import type { FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { contentOf } from '../../context/medium-content.ts';
import { whyNoCd } from '../../image/medium/cd.ts';
import { whyNoFloppy } from '../../image/medium/floppy.ts';
import type { MediumFile } from '../../image/medium/tree.ts';
import type { MediumOfFiles } from '../document/medium-of-files.ts';
import type { MediumEntry, MediumSpec, Spec } from '../spec.ts';
import type { Template } from '../document/template.ts';
import type { Fields } from './fields.ts';

type Kind = {
  readonly label: RegExp;
  readonly labelWords: string;
  readonly why: (files: readonly MediumFile[]) => string | undefined;
};

const cd: Kind = {
  label: /^[A-Za-z0-9 _-]{1,16}$/,
  labelWords: 'at most 16 letters, digits, blanks, "_" and "-"',
  why: whyNoCd,
};

const floppy: Kind = {
  label: /^[A-Za-z0-9 _-]{1,11}$/,
  labelWords: 'at most 11 letters, digits, blanks, "_" and "-"',
  why: whyNoFloppy,
};

type Asked = MediumOfFiles['files'][string];

const entryOf = async (path: string, asked: Asked, pointer: string, fields: Fields): Promise<MediumEntry> => {
  if (typeof asked === 'string') return { path, text: fields.early(pointer, asked) ?? '' };
  const { content, file, folder = '' } = asked;
  if (content !== undefined) return { path, text: fields.early(`${pointer}/content`, content) ?? '' };
  if (file !== undefined) return { path, file: await fields.file(`${pointer}/file`, file) };
  return { path, folder: await fields.file(`${pointer}/folder`, folder, 'folder') };
};

const isKnown = (entry: MediumEntry): boolean =>
  !('file' in entry && entry.file.path === '/') && !('folder' in entry && entry.folder.path === '/');

const cleanPath = (path: string): string => path.replace(/^\/|\/$/g, '');

/** A medium with every file proven to be there, and what it holds judged. */
const mediumOf = async (
  { label, files }: MediumOfFiles,
  kind: Kind,
  pointer: string,
  { fields, wrong }: { readonly fields: Fields; readonly wrong: FieldErrors },
): Promise<MediumSpec> => {
  const entries: MediumEntry[] = [];
  for (const [key, asked] of Object.entries(files)) {
    await fields.pause();
    const at = pointerTo(['machine', pointer, 'files', key]);
    entries.push(await entryOf(cleanPath(fields.early(at, key) ?? 'unknown'), asked, at, fields));
  }
  const at = `/machine/${pointer}`;
  const name = fields.made(`${at}/label`, label, 'packer', (text) => {
    if (kind.label.test(String(text))) return String(text);
    throw new ParseError(`${quoted(String(text))} is no label: write ${kind.labelWords}`);
  });
  const known = entries.filter(isKnown);
  const content = wrong.attempt(`${at}/files`, [], () => contentOf(known));
  const why = kind.why(content);
  if (why !== undefined) wrong.add(`${at}/files`, why);
  const mb = Math.ceil(content.reduce((sum, { size }) => sum + size, 0) / 1024 ** 2) + 2;
  return { label: name, entries, mb };
};

/** The media that the build makes of files. */
export const resolveMediaOfFiles = async (
  { machine }: Template,
  parts: { readonly fields: Fields; readonly wrong: FieldErrors },
): Promise<Pick<Spec, 'cdOfFiles' | 'floppyOfFiles'>> => {
  const { cd_of_files: disc, floppy_of_files: diskette } = machine;
  return {
    ...(disc === undefined ? {} : { cdOfFiles: await mediumOf(disc, cd, 'cd_of_files', parts) }),
    ...(diskette === undefined ? {} : { floppyOfFiles: await mediumOf(diskette, floppy, 'floppy_of_files', parts) }),
  };
};
