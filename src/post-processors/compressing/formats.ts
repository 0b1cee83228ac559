import { z } from 'zod';
import type { ProgramName } from '../host-means.ts';

/** What a file can be compressed to. */
export const formats = ['zstd', 'gzip', 'xz', 'lz4', 'zip'] as const;

export type Format = (typeof formats)[number];

type Row = {
  readonly ending: string;
  readonly mediaType: string;
  /** From 1 to `best`. */
  readonly level: number;
  readonly best: number;
  /** The program of the host that does it; undefined: Node does. */
  readonly program?: ProgramName;
};

/** The levels are those of the formats' own programs, and so are the defaults. */
export const rows: Readonly<Record<Format, Row>> = {
  zstd: { ending: 'zst', mediaType: 'application/zstd', level: 3, best: 19 },
  gzip: { ending: 'gz', mediaType: 'application/gzip', level: 6, best: 9 },
  xz: { ending: 'xz', mediaType: 'application/x-xz', level: 6, best: 9, program: 'xz' },
  lz4: { ending: 'lz4', mediaType: 'application/x-lz4', level: 1, best: 12, program: 'lz4' },
  zip: { ending: 'zip', mediaType: 'application/zip', level: 6, best: 9 },
};

export const Format = z
  .enum(formats)
  .default('zstd')
  .describe('`zstd`, `gzip`, `zip`; `xz` and `lz4` where the host has these programs');

/** A file to compress. `name` is what an archive calls it. */
export type Compression = {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly level: number;
  readonly size: number;
  readonly signal: AbortSignal;
  /** Is told how many bytes have been read. */
  readonly onBytes: (bytes: number) => void;
};
