import { eachGrain, grainBytes } from '../disk/each-grain.ts';
import type { DiskReader } from '../disk/types.ts';
import { paddingOf, sparseHeader, tarEnd, type TarExtent } from './tar-header.ts';

/** Holes that are smaller than this are written out: the list of what is there stays short. */
const leastHole = 1024 * 1024;

/** What of a disk is there, in order. */
const extentsOf = async (
  disk: DiskReader,
  signal: AbortSignal,
  seen: (bytes: number) => void,
): Promise<readonly TarExtent[]> => {
  const extents: { at: number; bytes: number }[] = [];
  for await (const { at, bytes } of eachGrain(disk, signal, seen)) {
    const last = extents.at(-1);
    if (last !== undefined && at - (last.at + last.bytes) < leastHole) last.bytes = at + bytes.length - last.at;
    else extents.push({ at, bytes: bytes.length });
  }
  return extents;
};

/**
 * The bytes of a tar with a disk as one sparse file of `size` bytes, which may be more than the disk has. The disk is read
 * twice: first for what is there. `seen` is told what has been read of both together.
 */
export const tarOfDisk = async function* (
  disk: DiskReader,
  { name, size }: { readonly name: string; readonly size: number },
  signal: AbortSignal,
  seen: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const extents = await extentsOf(disk, signal, seen);
  yield sparseHeader(name, size, extents);
  for (const { at, bytes } of extents) {
    for (let done = 0; done < bytes; done += grainBytes) {
      signal.throwIfAborted();
      const chunk = Buffer.allocUnsafe(Math.min(grainBytes, bytes - done));
      await disk.read(chunk, at + done);
      yield chunk;
    }
    seen(disk.size + at + bytes);
  }
  yield paddingOf(extents.reduce((sum, { bytes }) => sum + bytes, 0));
  yield tarEnd;
};
