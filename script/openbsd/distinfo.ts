import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `make makesum` of ports(7) would write: SHA256 in base64, and sizes. */
export const distinfo = async (folder: string, names: readonly string[]): Promise<string> => {
  const files = await Promise.all(
    names.toSorted().map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  );
  return [
    ...files.map(({ name, bytes }) => `SHA256 (${name}) = ${createHash('sha256').update(bytes).digest('base64')}\n`),
    ...files.map(({ name, bytes }) => `SIZE (${name}) = ${bytes.byteLength}\n`),
  ].join('');
};
