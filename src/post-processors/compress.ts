import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import type { Digest } from '../image/types.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { PostProcessorKind } from './kind.ts';

const about = 'a file compressed by zstd, in place of what it is made of';

const Schema = strict({
  type: z.literal('compress'),
  ...commonKeys,
  level: z.int().min(1).max(19).default(3).describe('1 is fast, 19 is small'),
  keep_input_artifact: z.boolean().default(false).describe('publish what is compressed too'),
}).describe(about);

export type CompressSettings = { readonly level: number; readonly keepsInput: boolean };

const nameOf = (name: string): string => `${name}.zst`;

const mediaType = 'application/zstd';

const blockBytes = 1024 * 1024;

/** Compresses a file and hashes what it writes in the same pass. */
const compressFile = async (from: string, to: string, level: number, signal: AbortSignal): Promise<Digest> => {
  const zstd = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    // The frame then says how large the file is that comes out of it.
    pledgedSrcSize: (await stat(from)).size,
  });
  const source = createReadStream(from, { highWaterMark: blockBytes });
  const hash = createHash('sha256');
  let size = 0;
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(source, zstd, hashed, createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal });
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};

/** Compresses artifacts, one file each (RFC 8878). */
export const compress = {
  type: 'compress',
  about,
  Schema,
  resolve: ({ level, keep_input_artifact: keepsInput }): CompressSettings => ({ level, keepsInput }),
  plan: ({ level }) => `zstd, level ${level}`,
  gives: ({ keepsInput }, taken) =>
    taken.flatMap((draft) => [
      ...(keepsInput ? [draft] : []),
      // What cannot be compressed grows by a 256th at most (zstd.h, ZSTD_compressBound), and by less than a MB.
      { name: nameOf(draft.name), mediaType, mostMb: draft.mostMb + Math.ceil(draft.mostMb / 256) + 1 },
    ]),
  run: async ({ level, keepsInput }, taken, { newFile, signal }) => {
    const given = [];
    for (const draft of taken) {
      const from = newFile('zst');
      const known = await compressFile(draft.from, from, level, signal);
      if (keepsInput) given.push(draft);
      given.push({ name: nameOf(draft.name), mediaType, from, known });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, CompressSettings>;
