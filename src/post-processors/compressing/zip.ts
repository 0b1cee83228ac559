import { PassThrough, Readable } from 'node:stream';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';
import { writeHashed } from '../../image/write-hashed.ts';
import { blockBytes, blocksOf } from './blocks.ts';

// Local time, as a DOS date is: its first day, wherever this host is.
const noTime = new Date(1980, 0, 1);

/** An archive of one file under its artifact's name, with the 64-bit fields from 4 GiB on. Its time is always the same. */
export const toZip = async ({ from, to, name, level, size, signal, onBytes }: Compression): Promise<Digest> => {
  // Loaded when it is needed: it costs every start of the daemon 10 ms.
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  const source = Readable.from(blocksOf(from, onBytes), { objectMode: false });
  // A stream of Node's own: what yazl gives is one of an older kind.
  const out = new Readable({ highWaterMark: blockBytes }).wrap(zip.outputStream);
  source.once('error', (error) => out.destroy(error));
  const options = { mtime: noTime, mode: 0o100644, forceDosTimestamp: true, compressionLevel: level, size };
  zip.addReadStream(source, name, options);
  zip.end();
  try {
    return await writeHashed(to, out, new PassThrough({ highWaterMark: blockBytes }), signal);
  } finally {
    source.destroy();
  }
};
