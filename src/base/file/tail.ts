import { open } from 'node:fs/promises';

/** The last `mostBytes` of a file, or fewer: what stands before `from` is left out. Throws the errors of the file system. */
export const tailOf = async (path: string, mostBytes: number, from = 0): Promise<string> => {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const begin = Math.max(from, size - mostBytes);
  if (begin >= size) return '';
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, undefined, begin);
  return buffer.toString('utf8', 0, bytesRead);
};
