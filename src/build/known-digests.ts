import { digestsOf, type Algorithm, type Digests } from '../image/digests.ts';
import type { Digest } from '../image/types.ts';

/** The digests of an attempt's files, each worked out once. A file of a draft never changes, and its path is used once. */
export type KnownDigests = (
  file: { readonly from: string; readonly known?: Digest },
  wanted: readonly Algorithm[],
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
) => Promise<Digests>;

export const makeKnownDigests = (): KnownDigests => {
  const found = new Map<string, { size: number; readonly digests: Map<Algorithm, string> }>();
  // One reader of a file at a time: the next finds what it has found.
  const reading = new Map<string, Promise<unknown>>();

  const entryOf = ({ from, known }: { readonly from: string; readonly known?: Digest }) => {
    const entry = found.get(from) ?? { size: known?.size ?? 0, digests: new Map<Algorithm, string>() };
    found.set(from, entry);
    if (known !== undefined) {
      entry.size = known.size;
      entry.digests.set('sha256', known.sha256);
    }
    return entry;
  };

  return async (file, wanted, signal, onBytes) => {
    await reading.get(file.from)?.catch(() => undefined);
    signal.throwIfAborted();
    const entry = entryOf(file);
    const missing = wanted.filter((algorithm) => !entry.digests.has(algorithm));
    if (missing.length > 0) {
      // SHA-256 is what publishing asks for: the file is read once for both.
      const asked = new Set<Algorithm>(entry.digests.has('sha256') ? missing : ['sha256', ...missing]);
      const work = digestsOf(file.from, asked, signal, onBytes);
      reading.set(file.from, work);
      try {
        const { size, digests } = await work;
        entry.size = size;
        for (const [algorithm, hex] of digests) entry.digests.set(algorithm, hex);
      } finally {
        reading.delete(file.from);
      }
    }
    return entry;
  };
};
