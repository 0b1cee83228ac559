/** What imagectl sends and brings: a folder as an archive, artifacts as files, a console as a terminal. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Api } from './api/api.ts';
import type { Artifact } from './api/types.ts';
import { ClientError, type Ending } from './client-error.ts';
import type { Output } from './show/output.ts';

export type PackedFolder = {
  /** A tar archive, compressed with zstd. */
  readonly stream: Readable;
  readonly files: number;
  /** Of the files, before they are packed. */
  readonly bytes: number;
};

export type Extra = {
  /** Files of these names come in place of those in the folder, or beside them. */
  readonly extra: Readonly<Record<string, string>>;
};

/** The files of a folder, as an archive that is the same for the same files. */
export const packFolder = async (folder: string, { extra }: Extra): Promise<PackedFolder> => {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((name) => !Object.hasOwn(extra, name))
    .toSorted();
  const sizes = await Promise.all(found.map(async (name) => (await stat(join(folder, name))).size));
  const archive = pack();
  const stream = createZstdCompress();
  pipeline(archive, stream, () => undefined);
  const fill = async () => {
    for (const name of found) archive.entry({ name, mtime: new Date(0) }, await readFile(join(folder, name)));
    for (const [name, text] of Object.entries(extra)) archive.entry({ name, mtime: new Date(0) }, text);
    archive.finalize();
  };
  fill().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))));
  return { stream, files: found.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
};

export type DownloadOptions = {
  readonly output: Output;
  readonly folder: string;
  readonly resume: boolean;
  readonly replace: boolean;
  readonly key: string | undefined;
};

type DownloadAll = (api: Api, id: string, artifacts: readonly Artifact[], options: DownloadOptions) => Promise<Ending>;

/** Downloads artifacts of a build, several at once, and checks their digests. */
export const downloadAll: DownloadAll = async () => {
  throw new ClientError('failed', 'This imagectl cannot download yet.');
};

/** Makes the terminal of this process that of a held build's machine. */
export const attachConsole: (api: Api, id: string) => Promise<Ending> = async () => {
  throw new ClientError('failed', 'This imagectl cannot attach to a console yet.');
};
