import { copyFile, link } from 'node:fs/promises';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import type { DiskFormat } from '../base/hardware.ts';
import { anyBytes, diskMediaTypes } from '../base/media-type.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import { strict, Words } from '../template/document/words.ts';
import type { PostProcessorPlace, PostProcessorKind } from './kind.ts';

const Schema = strict({
  name: Words.max(1000)
    .describe('file name; default: name of the template, with the format as its ending; of a `file`: its own')
    .optional(),
  format: z.enum(['qcow2', 'raw']).optional().meta({ default: 'qcow2' }).describe('format of the file'),
  disk: z.int().min(0).max(15).optional().meta({ default: 0 }).describe('which disk, counted from 0'),
  file: Words.min(1).max(1000).optional().describe('in place of a disk: a file that a provisioner has downloaded'),
  efivars: z
    .literal(true)
    .optional()
    .describe('in place of a disk: the variables of the UEFI, among them what it boots from'),
  on_failure: z
    .boolean()
    .optional()
    .meta({ default: false })
    .describe('whether the disk is also published, as it is then, when the build has failed for good'),
})
  .refine(
    ({ efivars, file, format, disk, on_failure: other }) =>
      efivars === undefined || [file, format, disk, other].every((key) => key === undefined),
    {
      error: 'has "efivars", which goes with "name" alone',
    },
  )
  .refine(({ file, on_failure: onFailure }) => file === undefined || onFailure !== true, {
    error: 'has "file", and "on_failure" is for disks: leave it out',
  })
  .refine(({ file, format, disk }) => file === undefined || (format === undefined && disk === undefined), {
    error: 'has "file", which is no disk: leave "format" and "disk" out',
  });

type Asked = z.output<typeof Schema>;

export type ExportSettings = {
  readonly name: string;
  readonly mostMb: number;
  /** Published also when the build fails. */
  readonly onFailure?: true;
} & ({ readonly disk: number; readonly format: DiskFormat } | { readonly file: string } | { readonly efivars: true });

const fileOf = (asked: string, { pointer, fields, wrong, downloaded }: PostProcessorPlace): string => {
  const file = fields.early(`${pointer}/file`, asked);
  if (file !== undefined && !downloaded.includes(file))
    wrong.add(`${pointer}/file`, `is ${quoted(file)}, which no provisioner downloads: ${didYouMean(file, downloaded)}`);
  return file ?? '';
};

const diskOf = ({ disk = 0, format = 'qcow2' }: Asked, { pointer, wrong, diskMb }: PostProcessorPlace) => {
  const mostMb = diskMb[disk];
  if (mostMb === undefined)
    wrong.add(`${pointer}/disk`, `is ${disk}, and there are ${diskMb.length} disks, counted from 0`);
  return { disk, format, mostMb: mostMb ?? 0 };
};

// OVMF's flash for variables has 528 KiB.
const efivarsMb = 1;

const efivarsOf = ({ pointer, wrong, firmware }: PostProcessorPlace) => {
  if (firmware !== 'uefi') wrong.add(`${pointer}/efivars`, 'is asked for, and the machine has a BIOS: set "firmware": "uefi" in "machine"'); // prettier-ignore
  return { efivars: true, mostMb: efivarsMb } as const;
};

const sourceOf = (asked: Asked, place: PostProcessorPlace) => {
  if (asked.efivars === true) return efivarsOf(place);
  // A second name of the same file takes no room.
  return asked.file === undefined ? diskOf(asked, place) : { file: fileOf(asked.file, place), mostMb: 0 };
};

/** Its name where the template gives none. */
const plainName = (from: ReturnType<typeof sourceOf>, templateName: string): string => {
  if ('efivars' in from) return 'efivars.fd';
  return 'file' in from ? from.file : `${templateName}${from.disk === 0 ? '' : `-${from.disk}`}.${from.format}`;
};

/** What a template lists under `artifacts`: a disk in the form in which it is published, or a file of the guest. */
export const exporting = {
  type: 'export',
  about: 'a disk as qcow2 or raw: flat, sparse, compact',
  Schema,
  resolve: (asked, place) => {
    const { pointer, fields, templateName } = place;
    if (fields.isSecret(`${pointer}/name`, asked.name))
      place.wrong.add(`${pointer}/name`, 'has a sensitive value in it, and the name of an artifact is shown');
    const from = sourceOf(asked, place);
    const plain = plainName(from, templateName);
    // Undefined where a variable has no value yet: no two of those may look the same.
    const unknown = `unknown-${pointer.split('/').at(-1) ?? ''}`;
    return {
      ...from,
      ...(asked.on_failure === true ? { onFailure: true } : {}),
      name: fields.made(`${pointer}/name`, asked.name ?? plain, unknown, artifactNameOf),
    };
  },
  plan: (settings) => {
    if ('efivars' in settings) return 'the variables of the UEFI';
    return 'file' in settings ? `the file ${settings.file}` : `disk ${settings.disk} as ${settings.format}`;
  },
  gives: (settings) => {
    const { name, mostMb } = settings;
    return [{ name, mostMb, mediaType: 'disk' in settings ? diskMediaTypes[settings.format] : anyBytes }];
  },
  run: async (settings, _taken, { newFile, exportDisk, downloadedFile, efivars }) => {
    const { name } = settings;
    if ('efivars' in settings) {
      const from = newFile('fd');
      await copyFile(efivars(), from);
      return [{ name, from, mediaType: anyBytes }];
    }
    if ('file' in settings) {
      const from = newFile('file');
      await link(downloadedFile(settings.file), from);
      return [{ name, from, mediaType: anyBytes }];
    }
    const { disk, format } = settings;
    const path = newFile(format);
    const known = await exportDisk(disk, { path, format });
    return [{ name, from: path, mediaType: diskMediaTypes[format], ...(known === undefined ? {} : { known }) }];
  },
} as const satisfies PostProcessorKind<typeof Schema, ExportSettings>;
