import { readdir, stat } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { Fault } from '../base/fault.ts';
import { didYouMean, quoted } from '../base/nearest.ts';
import { ParseError } from '../base/parse-error.ts';
import type { Input } from '../base/program.ts';
import { shellQuoted as shellWord } from '../base/shell.ts';
import { Size, strict, Words } from '../template/document/words.ts';
import { sizeMbOf } from '../base/units.ts';
import { render } from '../template/language/render.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import type { GuestKind, GuestTools, Place } from './kind.ts';

const about = 'files that are copied into the guest, or one that is copied out of it';

const Schema = strict({
  type: z.literal('file'),
  ...commonKeys,
  direction: z.enum(['upload', 'download']).default('upload').describe('into the guest, or out of it'),
  source: Words.min(1)
    .max(1000)
    .optional()
    .describe(
      'what is uploaded: a file or a folder of the context, or `media:name/path`; of a folder that ends with a slash, what is in it. For a download: a file of the guest',
    ),
  content: Words.optional().describe('the text itself, in place of `source`'),
  destination: Words.min(1)
    .max(1000)
    .describe(
      'where it comes in the guest; with a slash at its end: a folder. For a download: the name under which the build keeps it',
    ),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0644"')
    .optional()
    .describe(
      'mode of an uploaded file; default: that of the file that it replaces, else 0644, or 0755 where the source may be run',
    ),
  generated: z.boolean().default(false).describe('`source` is a file that an earlier provisioner has downloaded'),
  max_size: Size.optional().describe('how large a downloaded file may be; default: 64M'),
})
  .refine(({ source, content }) => (source === undefined) !== (content === undefined), {
    error: 'needs exactly one of "source" and "content"',
  })
  .refine(
    ({ direction, content, mode, generated }) =>
      direction === 'upload' || (content === undefined && mode === undefined && !generated),
    { error: 'is a download, which takes no "content", "mode" or "generated"' },
  )
  .refine(({ direction, max_size }) => direction === 'download' || max_size === undefined, {
    error: 'has "max_size", which is for a download',
  })
  .describe(about);

type Asked = z.output<typeof Schema>;

type Upload = {
  readonly direction: 'upload';
  readonly from:
    | { readonly text: Text }
    /** A file or a folder; `inside`: of a folder, what is in it and not the folder itself. */
    | { readonly listed: FileRef; readonly inside: boolean }
    /** A file that the build has downloaded, by its name. */
    | { readonly downloaded: string };
  /** Absolute, in the guest. */
  readonly destination: string;
  readonly mode?: string;
};

type Download = {
  readonly direction: 'download';
  /** Absolute, in the guest. */
  readonly source: string;
  readonly name: string;
  readonly mostMb: number;
};

export type FileSettings = Upload | Download;

const defaultMostMb = 64;

const guestPath = (raw: number | string): string => {
  const path = String(raw);
  if (path.startsWith('/') && !/[\x00-\x1f\x7f]/.test(path)) return path;
  throw new ParseError(`${quoted(path)} must be an absolute path in the guest, such as "/etc/motd"`);
};

const plainFile = (raw: number | string): string => {
  const path = guestPath(raw);
  if (!path.endsWith('/')) return path;
  throw new ParseError(`${quoted(path)} is a folder: one file is downloaded, so let a script pack it with tar before`);
};

const resolveDownload = ({ source = '', destination, max_size }: Asked, place: Place): Download => {
  const { pointer, fields, wrong, downloaded } = place;
  const name = fields.made(`${pointer}/destination`, destination, '', artifactNameOf);
  if (name !== '' && downloaded.some((other) => other.name === name))
    wrong.add(`${pointer}/destination`, `is ${quoted(name)} a second time: an earlier provisioner downloads it too`);
  return {
    direction: 'download',
    source: fields.made(`${pointer}/source`, source, '/', plainFile),
    name,
    mostMb: max_size === undefined ? defaultMostMb : fields.made(`${pointer}/max_size`, max_size, 1, sizeMbOf),
  };
};

const sourceOf = async (asked: Asked, { pointer, fields, wrong, downloaded }: Place): Promise<Upload['from']> => {
  const { source, content = '', generated } = asked;
  if (source === undefined) return { text: fields.text(`${pointer}/content`, content) };
  const at = `${pointer}/source`;
  if (!generated) {
    const inside = source.endsWith('/');
    const path = inside ? source.replace(/\/+$/, '') : source;
    return { listed: await fields.file(at, path, inside ? 'folder' : 'either'), inside };
  }
  const name = fields.early(at, source);
  const names = downloaded.map((file) => file.name);
  if (name !== undefined && !names.includes(name))
    wrong.add(at, `is ${quoted(name)}, which no earlier provisioner downloads: ${didYouMean(name, names)}`);
  return { downloaded: name ?? '' };
};

type Entry = { readonly name: string; readonly input: Input; readonly place: string; readonly isProgram: boolean };

const isProgram = async (file: string): Promise<boolean> => ((await stat(file)).mode & 0o100) !== 0;

/** Every file below a folder, as it comes below `place`. */
const entriesIn = async (folder: FileRef, place: string): Promise<readonly Entry[]> => {
  const entries: Entry[] = [];
  for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const below = relative(folder.path, file);
    if (entry.isDirectory()) continue;
    const name = posix.join(folder.shown, below);
    if (!entry.isFile())
      throw new Fault('template_invalid', `${name} is neither a file nor a folder: only those can be uploaded.`);
    entries.push({ name, input: { file }, place: posix.join(place, below), isProgram: await isProgram(file) });
  }
  return entries.sort((one, other) => (one.place < other.place ? -1 : 1));
};

// The name that Packer gives to a text in a folder.
const contentName = 'pkr-file-content';

type Tree = { readonly files: readonly Entry[]; readonly folders: readonly string[] };

/** What is uploaded, by Packer's rules for slashes at the end, and the folders that have to be there for it. */
const treeOf = async ({ from, destination }: Upload, tools: GuestTools): Promise<Tree> => {
  const placeOf = (name: string) => (destination.endsWith('/') ? posix.join(destination, name) : destination);
  const one = (entry: Entry): Tree => ({ files: [entry], folders: [] });
  if ('text' in from) {
    const input = render(from.text, tools.runtime);
    return one({ name: 'the content', input, place: placeOf(contentName), isProgram: false });
  }
  if ('downloaded' in from) {
    const input = { file: tools.downloadedFile(from.downloaded) };
    return one({ name: from.downloaded, input, place: placeOf(from.downloaded), isProgram: false });
  }
  const { listed, inside } = from;
  const { path, shown } = listed;
  const base = posix.basename(shown);
  if ((await stat(path)).isDirectory()) {
    const place = inside ? destination : posix.join(destination, base);
    const files = await entriesIn(listed, place);
    return { files, folders: [...new Set([place, ...files.map((entry) => posix.dirname(entry.place))])] };
  }
  return one({ name: shown, input: { file: path }, place: placeOf(base), isProgram: await isProgram(path) });
};

const upload = async (settings: Upload, tools: GuestTools, signal: AbortSignal): Promise<void> => {
  const { guest, onLines, activity } = tools;
  const { files, folders } = await treeOf(settings, tools);
  // What cannot be made is told by the files that cannot be written.
  if (folders.length > 0) await guest.run(`mkdir -p ${folders.map(shellWord).join(' ')}`, { onLines }, signal);
  const existing = settings.mode === undefined ? 'keep-mode' : 'replace';
  for (const { name, input, place, isProgram } of files) {
    const mode = settings.mode ?? (isProgram ? '0755' : '0644');
    await activity.during(
      () => `${name} was being copied to ${place} in the guest`,
      () => guest.upload({ name, input, mode, existing }, place, signal),
    );
  }
};

/** Copies files between the context and the guest, by the rules of Packer's file provisioner. */
export const file = {
  type: 'file',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place): Promise<FileSettings> => {
    if (asked.direction === 'download') return resolveDownload(asked, place);
    return {
      direction: 'upload',
      from: await sourceOf(asked, place),
      destination: place.fields.made(`${place.pointer}/destination`, asked.destination, '/', guestPath),
      ...(asked.mode === undefined ? {} : { mode: asked.mode }),
    };
  },
  plan: (settings) => (settings.direction === 'upload' ? 'file: upload' : `file: download of ${settings.name}`),
  downloads: (settings) => (settings.direction === 'upload' ? [] : [settings]),
  run: async (settings, tools, signal) => {
    if (settings.direction === 'upload') return upload(settings, tools, signal);
    const to = { file: tools.downloadedFile(settings.name), mostBytes: settings.mostMb * 2 ** 20 };
    await tools.activity.during(
      () => `${settings.source} was being copied from the guest`,
      () => tools.guest.download(settings.source, to, signal),
    );
  },
} as const satisfies GuestKind<typeof Schema, FileSettings>;
