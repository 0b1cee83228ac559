import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { layerBounds } from '../../base/bounds.ts';
import { unlessErrno } from '../../base/errno.ts';
import { syncFolder } from '../../base/file/sync-folder.ts';
import { digestsOf } from '../../image/digests.ts';
import type { TakenLayer } from '../../queue/layers.ts';
import type { LayerFile } from '../types.ts';

const keyPattern = /^[0-9a-f]{64}$/;

// As stat(2) counts blocks, whatever those of the file system are.
const blockBytes = 512;

/** The folders of layers below data_dir/layers, each named for its key. */
export type LayerFolders = {
  readonly of: (key: string) => string;
  /** The keys whose folders are there. */
  readonly keys: () => Promise<readonly string[]>;
  /** Makes an empty one, in place of one that a failed attempt left. */
  readonly make: (key: string) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  /**
   * Makes the files durable, hashes them, and gives them with the room that they take; read-only become those that no other
   * folder shares. Links to images beneath stay as they are. Throws where a folder is among them: a defect of imaged.
   */
  readonly seal: (key: string, signal: AbortSignal) => Promise<TakenLayer & { readonly files: readonly LayerFile[] }>;
};

/** What is wrong with a file by its size alone; undefined: nothing. */
export const whyNotWhole = async (folder: string, { name, bytes }: LayerFile): Promise<string | undefined> => {
  const found = await unlessErrno(stat(join(folder, name)), 'ENOENT', 'ENOTDIR');
  if (found === undefined) return 'is gone';
  if (!found.isFile()) return 'is not a file any more';
  return found.size === bytes ? undefined : `has ${found.size} bytes, and had ${bytes}`;
};

const sealFile = async (folder: string, name: string, signal: AbortSignal) => {
  const path = join(folder, name);
  await using handle = await open(path, 'r');
  await handle.sync();
  const { blocks, nlink } = await handle.stat();
  // An artifact keeps the mode that it was published with.
  if (nlink === 1) await handle.chmod(0o400);
  const { size, digests } = await digestsOf(path, ['sha256'], signal);
  const bytes = blocks * blockBytes;
  return {
    file: { name, bytes: size, sha256: digests.get('sha256') ?? '' },
    ...{ bytes, ownBytes: nlink === 1 ? bytes : 0 },
  };
};

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

export const layerFoldersIn = (root: string): LayerFolders => {
  const of = (key: string) => {
    // It becomes a path: only what a digest can be.
    if (!keyPattern.test(key)) throw new Error(`${JSON.stringify(key)} is no key of a layer`);
    return join(root, key);
  };
  const remove = async (key: string) => {
    await rm(of(key), { recursive: true, force: true });
  };
  return {
    of,
    keys: async () => {
      const names = (await unlessErrno(readdir(root), 'ENOENT')) ?? [];
      // The folder may hold what is not ours.
      return names.filter((name) => keyPattern.test(name));
    },
    make: async (key) => {
      await mkdir(root, { recursive: true, mode: 0o700 });
      await remove(key);
      await mkdir(of(key), { mode: 0o700 });
    },
    remove,
    seal: async (key, signal) => {
      const folder = of(key);
      const entries = await readdir(folder, { withFileTypes: true });
      // A disk that lies over one of another layer has a link to that beside it.
      const files = entries.filter((entry) => !entry.isSymbolicLink());
      if (entries.length > layerBounds.files || files.some((entry) => !entry.isFile()))
        throw new Error(`the layer ${key} has more than ${layerBounds.files} files, or something that is none`);
      const sealed = [];
      for (const { name } of files) sealed.push(await sealFile(folder, name, signal));
      await syncFolder(folder);
      await syncFolder(root);
      return {
        files: sealed.map(({ file }) => file),
        bytes: sumOf(sealed.map(({ bytes }) => bytes)),
        ownBytes: sumOf(sealed.map(({ ownBytes }) => ownBytes)),
      };
    },
  };
};
