import { createGzip } from 'node:zlib';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { diskFormatOf } from '../base/media-type.ts';
import { openDisk } from '../image/disk/open-disk.ts';
import { tarOfDisk } from '../image/archive/tar-of-disk.ts';
import { writeHashed } from '../image/write-hashed.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { ArtifactDraft, PostProcessorKind, Tools } from './kind.ts';

const about = "a disk as `disk.raw` in a tar.gz, as Google's Compute Engine imports it";

const Schema = strict({
  type: z.literal('tarball'),
  ...commonKeys,
  output: Words.max(1000).optional().describe('its name; default: the name of the template and ".tar.gz"'),
  level: z.int().min(1).max(9).default(6).describe('of gzip: 1 is fast, 9 is small'),
  keep_input_artifact: z.boolean().default(false).describe('publish the disk too'),
}).describe(about);

export type TarballSettings = { readonly name: string; readonly level: number; readonly keepsInput: boolean };

const bytesPerGiB = 1024 ** 3;

/** Compute Engine takes images of whole gigabytes, of 2^30 bytes ("Manually import boot disks", on the disk file). */
const wholeGiB = (bytes: number): number => Math.max(1, Math.ceil(bytes / bytesPerGiB)) * bytesPerGiB;

const mediaType = 'application/gzip';

const isDisk = ({ mediaType: type }: { readonly mediaType: string }): boolean => diskFormatOf(type) !== undefined;

const writeTarball = async (disk: ArtifactDraft, { name, level }: TarballSettings, to: string, tools: Tools) => {
  const { signal, progress } = tools;
  await using reader = await openDisk(disk.from, diskFormatOf(disk.mediaType) ?? 'raw');
  // The disk is read twice.
  const seen = (bytes: number) => progress(name, bytes, 2 * reader.size);
  const bytes = tarOfDisk(reader, { name: 'disk.raw', size: wholeGiB(reader.size) }, signal, seen);
  return await writeHashed(to, bytes, createGzip({ level }), signal);
};

/**
 * The file that googlecompute-export gives and googlecompute-import takes: one disk of whole gigabytes, called disk.raw, sparse
 * in a tar of GNU's old form, by gzip ("Manually import boot disks" of Compute Engine's manual: `tar --format=oldgnu -Sczf`).
 */
export const tarball = {
  type: 'tarball',
  about,
  Schema,
  resolve: (
    { output, level, keep_input_artifact: keepsInput },
    { pointer, fields, templateName },
  ): TarballSettings => ({
    name: fields.made(`${pointer}/output`, output ?? `${templateName}.tar.gz`, `unknown-${pointer}`, artifactNameOf),
    level,
    keepsInput,
  }),
  plan: ({ name, level }) => `${name}, gzip level ${level}`,
  refuse: (_settings, taken) => {
    const disks = taken.filter(isDisk);
    return disks.length === 1
      ? undefined
      : `takes one disk, and there are ${disks.length} by then: name one as "artifact"`;
  },
  gives: ({ name, keepsInput }, taken) => [
    ...taken.filter((draft) => keepsInput || !isDisk(draft)),
    // What cannot be compressed grows by five bytes in 16 KB (zlib's manual).
    ...taken.filter(isDisk).map(({ mostMb }) => ({ name, mediaType, mostMb: mostMb + Math.ceil(mostMb / 1024) + 1 })),
  ],
  run: async (settings, taken, tools) => {
    const { name, keepsInput } = settings;
    const given = taken.filter((draft) => keepsInput || !isDisk(draft));
    for (const disk of taken.filter(isDisk)) {
      const from = tools.newFile('tar.gz');
      given.push({ name, mediaType, from, known: await writeTarball(disk, settings, from, tools) });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, TarballSettings>;
