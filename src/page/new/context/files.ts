import { ignoredBy, ignoreFile } from '../../../base/file/ignored.ts';
import { tarOf } from './tar.ts';

/** A file that is sent beside a template, or as one, by its path in the folder. */
export type ContextFile = { readonly path: string; readonly content: Blob };

/** What a host takes as a context. */
export type PageLimits = { readonly files: number; readonly bytes: number };

/** Where the values of variables stand in a context: see `POST /builds`. */
const valuesFile = 'variables.json';

/** What of a folder is sent: as imagectl has it, without what its .imagedignore names. */
export const withoutIgnored = async (files: readonly ContextFile[]): Promise<readonly ContextFile[]> => {
  const rules = await files.find(({ path }) => path === ignoreFile)?.content.text();
  const isIgnored = ignoredBy(rules ?? '');
  return files.filter(({ path }) => !isIgnored(path));
};

export const sizeOf = (files: readonly ContextFile[]): number =>
  files.reduce((sum, { content }) => sum + content.size, 0);

// A browser does not say what may be executed.
const modeOf = async (content: Blob): Promise<number> => ((await content.slice(0, 2).text()) === '#!' ? 0o755 : 0o644);

const valuesIn = async (own: ContextFile | undefined): Promise<object> => {
  if (own === undefined) return {};
  try {
    const read: unknown = JSON.parse(await own.content.text());
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read;
  } catch {
    // As below.
  }
  throw new Error(`${own.path} of the folder is no JSON object of names and values: mend it, or leave it out.`);
};

/** An archive of the files, in the order of their paths, with these values of variables over those of the folder's own file. */
export const archiveOf = async (
  files: readonly ContextFile[],
  values: Readonly<Record<string, string>>,
): Promise<Blob> => {
  const own = files.find(({ path }) => path === valuesFile);
  const entries: ContextFile[] = files.filter((one) => one !== own);
  if (Object.keys(values).length > 0) {
    const all = { ...(await valuesIn(own)), ...values };
    entries.push({ path: valuesFile, content: new Blob([JSON.stringify(all)]) });
  } else if (own !== undefined) entries.push(own);
  const sorted = entries.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return tarOf(await Promise.all(sorted.map(async (file) => ({ ...file, mode: await modeOf(file.content) }))));
};
