import { z } from 'zod';
import { SizeMb } from '../base/units.ts';

/** The table [cache] of imaged.conf. */
export const Cache = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether builds go on from kept layers, and keep layers for others.'),
    size: SizeMb.optional().describe(
      'Disk space of all layers, in data_dir/layers; the least recently used goes first, never what a build uses. Default: a tenth of the disk of data_dir, at least 4G.',
    ),
    days: z
      .number()
      .min(0)
      .max(3650)
      .default(30)
      .describe('How many days a layer is kept at most. Holds for those that are made from now on.'),
  })
  .prefault({});
