import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from './types.ts';
export const publishFile = async ({
  from,
  folder,
  name,
  format,
}: {
  from: string;
  folder: string;
  name: string;
  format: string;
  signal: AbortSignal;
}): Promise<Artifact> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(from)) hash.update(chunk as Uint8Array);
  await rename(from, join(folder, name));
  return { name, format, size: (await stat(join(folder, name))).size, sha256: hash.digest('hex') };
};
export const writeSums = async (folder: string, artifacts: readonly Artifact[]): Promise<void> =>
  writeFile(join(folder, 'SHA256'), artifacts.map(({ name, sha256 }) => `SHA256 (${name}) = ${sha256}\n`).join(''));
