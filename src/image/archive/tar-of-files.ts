import { open } from 'node:fs/promises';
import { eachChunk } from './each-chunk.ts';
import { fileHeader, paddingOf, tarEnd } from './tar-header.ts';

/** A file of an archive: a text that is at hand, or one of the host's, whose name is not in the archive. */
export type TarFile = { readonly name: string } & ({ readonly text: string } | { readonly path: string });

/** The bytes of a tar that holds these files in this order, without times and owners. `seen` is told what has been read. */
export const tarOfFiles = async function* (
  files: readonly TarFile[],
  signal: AbortSignal,
  seen: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  let read = 0;
  for (const file of files) {
    if ('text' in file) {
      const bytes = Buffer.from(file.text);
      yield fileHeader(file.name, bytes.length);
      yield bytes;
      yield paddingOf(bytes.length);
      continue;
    }
    await using source = await open(file.path, 'r');
    const { size } = await source.stat();
    yield fileHeader(file.name, size);
    for await (const chunk of eachChunk(source, size, signal)) {
      yield chunk;
      seen((read += chunk.length));
    }
    yield paddingOf(size);
  }
  yield tarEnd;
};
