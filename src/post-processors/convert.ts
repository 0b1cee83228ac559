import { chmod } from 'node:fs/promises';
import { z } from 'zod';
import { percentReader } from '../base/machine/qemu-percent.ts';
import { runProgram } from '../base/program.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys, onlyOne, Output, outputOf } from './common.ts';
import { packageOf, type HostMeans } from './host-means.ts';
import { imageFormatOf, imageFormats, imageRows, isDiskFormat, type ImageFormat } from './image-formats.ts';
import type { ArtifactDraft, PlannedDraft, PostProcessorKind, Tools } from './kind.ts';

const about = 'a disk in another format: raw, qcow2, vmdk, vdi, vhd or vhdx, in place of what it is made of';

const Schema = strict({
  type: z.literal('convert'),
  ...commonKeys,
  format: z.enum(imageFormats).describe('the format of the file; `vmdk` is streamOptimized, as OVF has it'),
  compress: z.boolean().default(false).describe('of qcow2: whether its clusters are compressed, by zstd'),
  output: Output.describe(
    'the name of the file, where it is one; default: that of the artifact with the format as its ending',
  ),
  keep_input_artifact: z.boolean().default(false).describe('publish what is converted too'),
})
  .refine(({ format, compress }) => !compress || format === 'qcow2', {
    error: 'is for qcow2: of the others vmdk is compressed, and for the rest there is the post-processor "compress"',
    path: ['compress'],
  })
  .describe(about);

export type ConvertSettings = {
  readonly format: ImageFormat;
  readonly compress: boolean;
  readonly keepsInput: boolean;
  readonly output?: string;
  /** What of the host's means is missing to convert with qemu-img. */
  readonly lacks?: string;
};

/** A conversion is asked for where the format is another, or the clusters are to be compressed. Files that are no disks pass through. */
const isConverted = (
  { mediaType }: Pick<PlannedDraft, 'mediaType'>,
  { format, compress }: ConvertSettings,
): boolean => {
  const now = imageFormatOf(mediaType);
  return now !== undefined && (now !== format || compress);
};

const endings = new RegExp(`\\.(${imageFormats.join('|')}|img|vpc)$`);

const nameOf = ({ name, mediaType }: PlannedDraft | ArtifactDraft, { format, output }: ConvertSettings): string => {
  if (output !== undefined) return output;
  // The same format with other clusters, beside what it is made of.
  const ending = imageFormatOf(mediaType) === format ? `small.${format}` : format;
  return `${name.replace(endings, '')}.${ending}`;
};

/** Whether the hypervisor's own copy does it, which vmctl(8) has as well. */
const isByHypervisor = (from: ImageFormat, { format, compress }: ConvertSettings): boolean =>
  isDiskFormat(from) && isDiskFormat(format) && !compress;

const lacksOf = (host: HostMeans | undefined): { readonly lacks?: string } =>
  host === undefined || host.programs['qemu-img'] !== undefined
    ? {}
    : { lacks: `takes qemu-img, which this host does not have: install it (${packageOf['qemu-img']})` };

const argvOf = (from: ImageFormat, { format, compress }: ConvertSettings, files: readonly [string, string]) => {
  const { qemu, options } = imageRows[format];
  return [
    ...['convert', '-p', '-f', imageRows[from].qemu, '-O', qemu],
    ...(compress ? ['-c', '-o', 'compat=1.1,compression_type=zstd'] : []),
    ...(options === undefined ? [] : ['-o', options]),
    ...files,
  ];
};

const convertFile = async (
  { from, mediaType }: ArtifactDraft,
  to: string,
  settings: ConvertSettings,
  { host, convertImage, signal }: Tools,
  onPercent: (percent: number) => void,
): Promise<void> => {
  const now = imageFormatOf(mediaType) ?? 'raw';
  if (isDiskFormat(now) && isDiskFormat(settings.format) && isByHypervisor(now, settings))
    return convertImage({ path: from, format: now }, { path: to, format: settings.format }, onPercent);
  const onBytes = percentReader(onPercent);
  await runProgram(host.programs['qemu-img'] ?? 'qemu-img', argvOf(now, settings, [from, to]), { signal, onBytes });
  await chmod(to, 0o600);
};

/** Converts disks, one file each; other files are left as they are. The names on the command line are imaged's own. */
export const convert = {
  type: 'convert',
  about,
  Schema,
  resolve: ({ format, compress, output, keep_input_artifact: keepsInput }, place): ConvertSettings => ({
    ...{ format, compress, keepsInput },
    ...outputOf(output, place),
    ...lacksOf(place.host),
  }),
  plan: ({ format, compress }) => (compress ? `${format}, compressed by zstd` : format),
  refuse: (settings, taken) => {
    const mine = taken.filter((draft) => imageFormatOf(draft.mediaType) !== undefined);
    if (mine.length === 0) return 'takes no disk: there is nothing to convert';
    const needs = mine.some((draft) => {
      const now = imageFormatOf(draft.mediaType);
      return now !== undefined && isConverted(draft, settings) && !isByHypervisor(now, settings);
    });
    return (needs ? settings.lacks : undefined) ?? onlyOne(settings, mine);
  },
  gives: (settings, taken) =>
    taken.flatMap((draft) => {
      if (!isConverted(draft, settings)) return [draft];
      const { mediaType } = imageRows[settings.format];
      // The tables of the formats take a few bytes for each of their clusters, and vmdk grows where it cannot compress.
      const made = {
        name: nameOf(draft, settings),
        mediaType,
        mostMb: draft.mostMb + Math.ceil(draft.mostMb / 128) + 8,
      };
      return settings.keepsInput ? [draft, made] : [made];
    }),
  run: async (settings, taken, tools) => {
    const { mediaType } = imageRows[settings.format];
    const given: ArtifactDraft[] = [];
    for (const draft of taken) {
      if (!isConverted(draft, settings)) {
        given.push(draft);
        continue;
      }
      const [to, name] = [tools.newFile(settings.format), nameOf(draft, settings)];
      await convertFile(draft, to, settings, tools, (percent) => tools.progressPercent(name, percent));
      if (settings.keepsInput) given.push(draft);
      given.push({ name, mediaType, from: to });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, ConvertSettings>;
