import { open, type FileHandle } from 'node:fs/promises';

const mb = 2 ** 20;

// Bounds of S3 (its user guide, "Amazon S3 multipart upload limits"): at most 10,000 parts, of 5 MB at least but for the last.
const mostParts = 10_000;
const usualPartBytes = 8 * mb;

export type PartOfFile = { readonly number: number; readonly from: number; readonly bytes: number };

/** How a file is cut: into parts of 8 MB, or of as many whole MB as it takes for 10,000 to be enough. */
export const partsOf = (size: number): readonly PartOfFile[] => {
  const partBytes = Math.max(usualPartBytes, Math.ceil(size / mostParts / mb) * mb);
  const count = Math.max(1, Math.ceil(size / partBytes));
  return Array.from({ length: count }, (_, n) => {
    const from = n * partBytes;
    return { number: n + 1, from, bytes: Math.min(partBytes, size - from) };
  });
};

/** Reads one part whole. Throws where the file has become shorter. */
const readPart = async (file: FileHandle, { from, bytes }: PartOfFile): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await file.read(buffer, at, bytes - at, from + at);
    if (bytesRead === 0) throw new Error('A file that is being sent has become shorter');
    at += bytesRead;
  }
  return buffer;
};

/** Has each part sent, so many at a time. The first failure ends the others: nothing of them goes on when this rejects. */
export const eachPart = async (
  path: string,
  parts: readonly PartOfFile[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  send: (part: PartOfFile, body: Buffer, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  await using file = await open(path, 'r');
  const left = [...parts];
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const work = async () => {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      both.throwIfAborted();
      await send(part, await readPart(file, part), both);
    }
  };
  const lines = Array.from({ length: Math.min(atOnce, parts.length) }, () =>
    work().catch((error: unknown) => {
      // The reason of the signal is the first error: the others only follow it.
      ending.abort(error);
      throw both.reason;
    }),
  );
  const ends = await Promise.allSettled(lines);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
};
