import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Digest } from '../image/types.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys, onlyOne, Output, outputOf } from './common.ts';
import { byProgram } from './compressing/by-program.ts';
import { Format, rows, type Compression } from './compressing/formats.ts';
import { toGzip } from './compressing/gzip.ts';
import { toZip } from './compressing/zip.ts';
import { toZstd } from './compressing/zstd.ts';
import { whyWithout, type HostMeans } from './host-means.ts';
import type { ArtifactDraft, PostProcessorKind } from './kind.ts';

const about = 'a file compressed by zstd, gzip, xz, lz4 or zip, in place of what it is made of';

const Schema = strict({
  type: z.literal('compress'),
  ...commonKeys,
  format: Format,
  level: z
    .int()
    .min(1)
    .max(19)
    .optional()
    .describe('1 is fast; small is 19 for zstd, 12 for lz4, 9 for others. Default: 3, for lz4 1, for others 6'),
  output: Output.describe(
    'the name of the file, where it is one; default: that of the artifact with the ending of the format',
  ),
  keep_input_artifact: z.boolean().default(false).describe('publish what is compressed too'),
}).describe(about);

export type CompressSettings = {
  readonly format: Format;
  readonly level: number;
  readonly keepsInput: boolean;
  readonly output?: string;
};

const nameOf = ({ name }: { readonly name: string }, { format, output }: CompressSettings): string =>
  output ?? `${name}.${rows[format].ending}`;

const compressFile = (format: Format, host: HostMeans, compression: Compression): Promise<Digest> => {
  if (format === 'zstd') return toZstd(compression);
  if (format === 'gzip') return toGzip(compression);
  if (format === 'zip') return toZip(compression);
  return byProgram(format, host.programs[format] ?? format, compression);
};

/** Compresses artifacts, one file each. The same bytes give the same file: it has no time in it, and no name but in a zip. */
export const compress = {
  type: 'compress',
  about,
  Schema,
  resolve: ({ format, level, output, keep_input_artifact: keepsInput }, place): CompressSettings => {
    const { best, level: usual, program } = rows[format];
    const { pointer, wrong, host } = place;
    if (level !== undefined && level > best)
      wrong.add(`${pointer}/level`, `is ${level}: ${format} has levels from 1 to ${best}`);
    const missing = program && whyWithout(host, program);
    if (missing !== undefined) wrong.add(`${pointer}/format`, `is ${format}, which ${missing}`);
    return { format, level: level ?? usual, keepsInput, ...outputOf(output, place) };
  },
  plan: ({ format, level }) => `${format}, level ${level}`,
  refuse: onlyOne,
  gives: (settings, taken) =>
    taken.flatMap((draft) => [
      ...(settings.keepsInput ? [draft] : []),
      // What cannot be compressed grows by a 255th at most (lz4.h, LZ4_compressBound; the others less), and by less than a MB.
      {
        name: nameOf(draft, settings),
        mediaType: rows[settings.format].mediaType,
        mostMb: draft.mostMb + Math.ceil(draft.mostMb / 255) + 1,
      },
    ]),
  run: async (settings, taken, { newFile, signal, progress, host }) => {
    const { format, level, keepsInput } = settings;
    const { ending, mediaType, program } = rows[format];
    const given: ArtifactDraft[] = [];
    for (const draft of taken) {
      const [to, name] = [newFile(ending), nameOf(draft, settings)];
      const { size } = await stat(draft.from);
      const onBytes = (bytes: number) => progress(name, bytes, program === undefined ? size : undefined);
      const compression = { from: draft.from, to, name: draft.name, level, size, signal, onBytes };
      const known = await compressFile(format, host, compression);
      if (keepsInput) given.push(draft);
      given.push({ name, mediaType, from: to, known });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, CompressSettings>;
