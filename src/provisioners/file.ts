import { withoutEnd } from '../base/pattern/without-end.ts';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { Size, strict, Words } from '../template/document/words.ts';
import { sizeMbOf } from '../base/units.ts';
import { render } from '../template/language/render.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { entriesIn, isProgram, uploadTree, type UploadEntry, type Tree } from './in-guest/upload.ts';
import type { GuestKind, GuestTools, ProvisionerPlace } from './kind.ts';

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
  if (/^[a-z]:[\\/]/i.test(path))
    throw new ParseError(
      `${quoted(path)} is a path of Windows, and provisioners work in guests that have sh(1): the file can come on the floppy or the CD of the machine`,
    );
  throw new ParseError(`${quoted(path)} must be an absolute path in the guest, such as "/etc/motd"`);
};

const plainFile = (raw: number | string): string => {
  const path = guestPath(raw);
  if (!path.endsWith('/')) return path;
  throw new ParseError(`${quoted(path)} is a folder: one file is downloaded, so let a script pack it with tar before`);
};

const resolveDownload = ({ source = '', destination, max_size }: Asked, place: ProvisionerPlace): Download => {
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

const sourceOf = async (
  asked: Asked,
  { pointer, fields, wrong, downloaded }: ProvisionerPlace,
): Promise<Upload['from']> => {
  const { source, content = '', generated } = asked;
  if (source === undefined) return { text: fields.text(`${pointer}/content`, content) };
  const at = `${pointer}/source`;
  if (!generated) {
    const inside = source.endsWith('/');
    const path = inside ? withoutEnd(source, '/') : source;
    return { listed: await fields.file(at, path, inside ? 'folder' : 'either'), inside };
  }
  const name = fields.early(at, source);
  const names = downloaded.map((file) => file.name);
  if (name !== undefined && !names.includes(name))
    wrong.add(at, `is ${quoted(name)}, which no earlier provisioner downloads: ${didYouMean(name, names)}`);
  return { downloaded: name ?? '' };
};

// The name that Packer gives to a text in a folder.
const contentName = 'pkr-file-content';

/** What is uploaded, by Packer's rules for slashes at the end, and the folders that have to be there for it. */
const treeOf = async ({ from, destination }: Upload, tools: GuestTools): Promise<Tree> => {
  const placeOf = (name: string) => (destination.endsWith('/') ? posix.join(destination, name) : destination);
  const one = (entry: UploadEntry): Tree => ({ files: [entry], folders: [] });
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
    if (settings.direction === 'upload') return uploadTree(await treeOf(settings, tools), tools, signal, settings.mode);
    const to = { file: tools.downloadedFile(settings.name), mostBytes: settings.mostMb * 2 ** 20 };
    await tools.activity.during(
      () => `${settings.source} was being copied from the guest`,
      () => tools.guest.download(settings.source, to, signal),
    );
  },
} as const satisfies GuestKind<typeof Schema, FileSettings>;
