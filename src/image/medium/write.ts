import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../base/fault.ts';
import { padding, planCd } from './cd.ts';
import { floppyOf } from './floppy.ts';
import type { MediumFile } from './tree.ts';

/** A file to be put on a medium: its bytes, or where they are. */
export type Content = MediumFile & ({ readonly bytes: Uint8Array } | { readonly file: string });

// The time of a file means nothing to an installer; this is the first that every reader takes, and the same files give the
// same bytes.
const time = new Date(Date.UTC(1980, 0, 1));

const changed = (file: Content): Fault =>
  new Fault('template_invalid', `"${file.path}" changed while it was put on a medium: it had ${file.size} bytes.`);

async function* partsOf(file: Content): AsyncGenerator<Uint8Array> {
  if ('bytes' in file) {
    yield file.bytes;
    return;
  }
  let bytes = 0;
  for await (const chunk of createReadStream(file.file)) {
    const part: Uint8Array = Buffer.from(chunk as Uint8Array); // without an encoding a file gives bytes
    bytes += part.length;
    if (bytes > file.size) throw changed(file);
    yield part;
  }
  if (bytes !== file.size) throw changed(file);
}

/** Writes the image of a CD, file after file. Throws `template_invalid` for a file that is not as large as it was. */
export const writeCd = async (to: string, label: string, files: readonly Content[], signal: AbortSignal) => {
  const { head, files: ordered } = planCd(label, files, time);
  const all = async function* () {
    yield head;
    for (const file of ordered) {
      yield* partsOf(file);
      yield padding(file);
    }
  };
  await pipeline(all, createWriteStream(to, { mode: 0o600 }), { signal });
};

/** Writes the image of a floppy. Throws as `writeCd` does. */
export const writeFloppy = async (to: string, label: string, files: readonly Content[], signal: AbortSignal) => {
  const read = await Promise.all(
    files.map(async (file) => {
      const bytes = 'bytes' in file ? file.bytes : await readFile(file.file, { signal });
      if (bytes.byteLength !== file.size) throw changed(file);
      return { path: file.path, size: file.size, bytes };
    }),
  );
  await writeFile(to, floppyOf(label, read, time), { mode: 0o600, signal });
};
