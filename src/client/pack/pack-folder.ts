import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { Fault } from '../../base/fault.ts';
import { readIgnored } from './ignored.ts';
import { listEntries } from './list-entries.ts';
import type { PackEntry, PackLimits } from './types.ts';

export type Packed = {
  /** A tar in zstd, the media type `application/zstd`: the same bytes for the same files. Fails when it cannot be read on. */
  readonly stream: Readable;
  /** Files in it, folders not counted. */
  readonly files: number;
  /** Of all files, before compression. */
  readonly bytes: number;
};

// Nothing of a time or an owner, so that the same files give the same bytes.
const constant = { mtime: new Date(0), uid: 0, gid: 0 } as const;

/** Passes a file on, and tells of what was read. Throws `context_invalid` where it cannot be read, or ends before its size. */
const wholeFile = ({ path, bytes }: PackEntry & { readonly kind: 'file' }, onRead: (bytes: number) => void) =>
  async function* (file: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    let have = 0;
    const fail = (why: string, cause?: unknown) =>
      new Fault('context_invalid', `${JSON.stringify(path)} could not be packed: ${why}.`, { entry: path }, { cause });
    try {
      for await (const chunk of file) {
        have += chunk.length;
        onRead(chunk.length);
        yield chunk;
      }
    } catch (error) {
      throw fail(error instanceof Error ? error.message : String(error), error);
    }
    if (have < bytes) throw fail('it has become shorter meanwhile');
  };

const writeEntry = async (archive: Pack, entry: PackEntry, onRead: (bytes: number) => void, signal: AbortSignal) => {
  if (entry.kind === 'folder') {
    archive.entry({ ...constant, name: `${entry.path}/`, type: 'directory', mode: 0o755 });
    return;
  }
  const header = { ...constant, name: entry.path, size: entry.bytes, mode: entry.isExecutable ? 0o755 : 0o644 };
  if (entry.bytes === 0) return void archive.entry(header, '');
  const file = createReadStream(entry.from, { end: entry.bytes - 1 });
  await piped(file, wholeFile(entry, onRead), archive.entry(header), { signal });
};

const writeAll = async (
  archive: Pack,
  entries: readonly PackEntry[],
  onRead: (bytes: number) => void,
  extra: Extra,
  signal: AbortSignal,
) => {
  for (const entry of entries) {
    signal.throwIfAborted();
    await writeEntry(archive, entry, onRead, signal);
  }
  for (const [name, text] of Object.entries(extra)) archive.entry({ ...constant, name, mode: 0o644 }, text);
  archive.finalize();
};

/** Texts that come as files of these names, in place of those of the folder. */
type Extra = Readonly<Record<string, string>>;

/**
 * Packs a folder as a context: its files with mode 0644 or 0755, without times and owners, in the order of their names;
 * without what its .imagedignore names. `onRead` is told of bytes of files as they are packed. Throws `too_large` beyond
 * the limits of the host before anything is read, and `context_invalid` for what the host would refuse.
 */
export const packFolder = async (
  folder: string,
  {
    limits,
    signal,
    extra = {},
    onRead = () => undefined,
  }: {
    readonly limits: PackLimits;
    readonly signal: AbortSignal;
    readonly extra?: Extra;
    readonly onRead?: (bytes: number) => void;
  },
): Promise<Packed> => {
  const found = await listEntries(folder, await readIgnored(folder), limits, signal);
  const entries = found.filter(({ path }) => !Object.hasOwn(extra, path));
  const archive = pack();
  const compressed = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  // How it ends, its reader learns from the stream.
  pipeline(archive, compressed, () => undefined);
  writeAll(archive, entries, onRead, extra, signal).catch((error: unknown) => {
    compressed.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const files = entries.filter((entry) => entry.kind === 'file');
  return { stream: compressed, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
};
