import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** Writes a tar.gz of these files. The same files give the same bytes: no time, no owner, no mode of this host is in it. */
export const writeTarball = async (
  target: string,
  files: readonly { readonly name: string; readonly path: string }[],
): Promise<void> => {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 9 }), createWriteStream(target));
  for (const { name, path } of files) tar.entry({ name, mode: 0o644, mtime: new Date(0) }, await readFile(path));
  tar.finalize();
  await written;
};
