import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { eachBlock } from './each-block.ts';

export const algorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;

export type Algorithm = (typeof algorithms)[number];

/** Size in bytes, and digests in lower-case hex. */
export type Digests = { readonly size: number; readonly digests: ReadonlyMap<Algorithm, string> };

/** Size and digests of a file that is read once. `onBytes` is told how many have been read. */
export const digestsOf = async (
  path: string,
  wanted: Iterable<Algorithm>,
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<Digests> => {
  const hashes = [...wanted].map((algorithm) => [algorithm, createHash(algorithm)] as const);
  await using file = await open(path, 'r');
  const size = await eachBlock(file, signal, (block, offset) => {
    for (const [, hash] of hashes) hash.update(block);
    onBytes?.(offset + block.length);
  });
  return { size, digests: new Map(hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')])) };
};
