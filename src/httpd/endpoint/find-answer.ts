import { open, readdir, realpath, type FileHandle } from 'node:fs/promises';
import { constants, type Stats } from 'node:fs';
import { join } from 'node:path';
import { escapeRegExp } from '../../base/text/escape-regexp.ts';
import { isErrno } from '../../base/errno.ts';
import { isWithin } from '../../base/file/is-within.ts';
import type { EndpointAnswer } from './types.ts';

/** What a path leads to: a text to render, or a regular file that is open already. The finder's caller closes it. */
export type FoundAnswer =
  | { readonly kind: 'text'; readonly type: string; readonly render: () => string }
  | { readonly kind: 'file'; readonly handle: FileHandle; readonly stats: Stats };

export type FindAnswer = (path: string) => Promise<FoundAnswer | undefined>;

type Known = {
  readonly answers: ReadonlyMap<string, EndpointAnswer>;
  readonly hostname: string;
};

/**
 * Finds what is meant by a path: the answer of that very name, else a file of the folder answer that is nearest to it,
 * else, for `<mac>-install.conf` and its like, the same without the machine's name in front.
 */
export const makeFindAnswer = ({ answers, hostname }: Known): FindAnswer => {
  const folders = [...answers]
    .flatMap(([prefix, answer]) => (answer.kind === 'folder' ? [{ prefix, root: answer.path }] : []))
    .sort((one, other) => other.prefix.length - one.prefix.length);

  const find: FindAnswer = async (path) => {
    const answer = answers.get(path);
    if (answer?.kind === 'text')
      return { kind: 'text', type: answer.type ?? 'text/plain; charset=utf-8', render: answer.render };
    if (answer?.kind === 'file') return openFile(answer.path);
    for (const { prefix, root } of folders) {
      const inside = prefix === '' ? path : path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : '';
      const found = inside === '' ? undefined : await openInside(root, inside);
      if (found) return found;
    }
    return undefined;
  };

  // The installer asks for its own names first (OpenBSD's install.sub): with its MAC, then with its host name. Which MAC
  // it is does not matter: nobody else can ask here.
  const owned = new RegExp(
    `^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|${escapeRegExp(hostname)})-(install|upgrade)\\.conf$`,
    'i',
  );
  return async (path) => {
    const found = await find(path);
    const general = found ? undefined : owned.exec(path)?.[1];
    return general === undefined ? found : find(`${general.toLowerCase()}.conf`);
  };
};

/** The names of the files that a machine has by itself directly in a folder: by name, or in a folder answer. */
export const namesIn = async (
  answers: ReadonlyMap<string, EndpointAnswer>,
  folder: string,
): Promise<readonly string[]> => {
  const names: string[] = [];
  for (const [path, answer] of answers)
    if (answer.kind !== 'folder') {
      if (path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'))
        names.push(path.slice(folder.length + 1));
    } else if (path === '' || path === folder || folder.startsWith(`${path}/`)) {
      const entries = await readInside(answer.path, path === '' ? folder : folder.slice(path.length));
      names.push(...entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    }
  return names;
};

// What lies outside of the folder is as if it were not there.
const readInside = async (root: string, inside: string) => {
  try {
    const [folder, path] = await Promise.all([realpath(root), realpath(join(root, inside))]);
    return isWithin(folder, path) ? await readdir(path, { withFileTypes: true }) : [];
  } catch (error) {
    if (isNoSuchFile(error)) return [];
    throw error;
  }
};

// A link inside the folder is followed, but only to what is inside as well.
const openInside = async (root: string, inside: string): Promise<FoundAnswer | undefined> => {
  try {
    const [folder, file] = await Promise.all([realpath(root), realpath(`${root}/${inside}`)]);
    return isWithin(folder, file) ? await openFile(file) : undefined;
  } catch (error) {
    if (isNoSuchFile(error)) return undefined;
    throw error;
  }
};

const openFile = async (path: string): Promise<FoundAnswer | undefined> => {
  try {
    // A FIFO or a device must not hold the request up before it is seen that it is no regular file.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isFile()) return { kind: 'file', handle, stats };
    await handle.close();
    return undefined;
  } catch (error) {
    if (isNoSuchFile(error)) return undefined;
    throw error;
  }
};

const missing = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

const isNoSuchFile = (error: unknown) => isErrno(error, ...missing);
