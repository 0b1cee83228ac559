/** What imagectl sends and brings: a folder as an archive, artifacts as files, a console as a terminal. */

import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline, type Readable, type Writable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import { pack } from 'tar-stream';
import { ClientError } from './client-error.ts';

export type Packed = {
  /** A tar in zstd, the media type `application/zstd`. */
  readonly stream: Readable;
  readonly files: number;
};

export type PackOptions = {
  readonly limits: { readonly files: number; readonly bytes: number };
  readonly signal: AbortSignal;
  /** Files of these names come in place of those in the folder, or beside them. */
  readonly extra: Readonly<Record<string, string>>;
};

/** The files of a folder, as an archive that is the same for the same files. */
export const packFolder = async (folder: string, { extra, signal }: PackOptions): Promise<Packed> => {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((name) => !Object.hasOwn(extra, name))
    .toSorted();
  const archive = pack();
  const stream = createZstdCompress();
  pipeline(archive, stream, () => undefined);
  const fill = async () => {
    for (const name of found) archive.entry({ name, mtime: new Date(0) }, await readFile(join(folder, name), { signal })); // prettier-ignore
    for (const [name, text] of Object.entries(extra)) archive.entry({ name, mtime: new Date(0) }, text);
    archive.finalize();
  };
  fill().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))));
  return { stream, files: found.length };
};

export type DownloadAsk = {
  readonly api: { readonly url: string; readonly token?: string | undefined };
  readonly build: string;
  readonly artifact: string;
  readonly to: string;
  readonly resume: boolean;
  readonly existing?: 'refuse' | 'replace';
  readonly publicKey?: string;
};

/** How far a download is: bytes that are there, of the whole, and bytes a second. */
export type DownloadProgress = { readonly have: number; readonly size: number; readonly rate: number };

type DownloadArtifact = (
  ask: DownloadAsk,
  onProgress: (progress: DownloadProgress) => void,
  signal: AbortSignal,
) => Promise<string>;

/** Downloads an artifact into a folder, and gives its path. */
export const downloadArtifact: DownloadArtifact = async () => {
  throw new ClientError('failed', 'This imagectl cannot download yet.');
};

export type AttachAsk = { readonly url: string; readonly token?: string | undefined; readonly build: string };

/** How it ended: the person left, or the daemon closed, with a code and a reason. */
export type Detached =
  { readonly how: 'left' } | { readonly how: 'closed'; readonly code: number; readonly reason: string };

type AttachConsole = (
  ask: AttachAsk,
  terminal: { readonly input: Readable; readonly output: Writable },
  signal: AbortSignal,
) => Promise<Detached>;

/** Ties a terminal to the console of a build that is held or at a breakpoint. */
export const attachConsole: AttachConsole = async () => {
  throw new ClientError('failed', 'This imagectl cannot attach to a console yet.');
};
