import { createGzip } from 'node:zlib';
import { z } from 'zod';
import { boxType, diskFormatOf } from '../base/media-type.ts';
import { quoted } from '../base/text/nearest.ts';
import { tarOfFiles } from '../image/archive/tar-of-files.ts';
import { writeHashed } from '../image/write-hashed.ts';
import { strict, Words } from '../template/document/words.ts';
import type { FileRef } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import type { ArtifactDraft, PostProcessorPlace, PostProcessorKind, Tools } from './kind.ts';
import { filesOfBox } from './vagrant/files.ts';
import { architectureOf, includedOf } from './vagrant/included.ts';
import { providerNames, providers, type Provider } from './vagrant/providers.ts';
import { boxVersionOf, versionAt } from './vagrant/version.ts';

const about = 'Vagrant boxes of the disks, one for each provider';

const maxIncluded = 50;

const Schema = strict({
  type: z.literal('vagrant'),
  ...commonKeys,
  providers: z
    .array(z.enum(providerNames))
    .min(1)
    .max(providerNames.length)
    .default(['libvirt'])
    .describe('one box each; vagrant-qemu reads boxes of `libvirt`, so that there is one box for both'),
  output: Words.max(1000)
    .default('packer_{{ build_name }}_{{ provider }}_{{ architecture }}.box')
    .describe('name of a box; `build_name`, `provider` and `architecture` are known in it'),
  compression_level: z.int().min(0).max(9).default(6).describe('of gzip; 0: the box is a plain tar'),
  include: z.array(Words.min(1)).max(maxIncluded).default([]).describe('files of the context that go into each box'),
  vagrantfile_template: Words.min(1)
    .optional()
    .describe("a file of the context, which is put behind what the box's own Vagrantfile has"),
  architecture: Words.min(1).max(64).optional().describe("of the guest, as Go calls it; default: the machine's, amd64"),
  version: Words.min(1)
    .max(1000)
    .optional()
    .describe('under which the catalogue lists it, such as "1.2.0"; default: day and time of the build'),
  keep_input_artifact: z.boolean().default(false).describe('publish the disks too'),
}).describe(about);

export type VagrantSettings = {
  readonly boxes: readonly { readonly provider: Provider; readonly name: string }[];
  readonly level: number;
  readonly included: readonly (FileRef & { readonly name: string })[];
  readonly vagrantfile?: FileRef;
  readonly architecture: string;
  readonly version?: string;
  readonly keepsInput: boolean;
};

type Asked = z.output<typeof Schema>;

const isDisk = ({ mediaType }: { readonly mediaType: string }): boolean => diskFormatOf(mediaType) !== undefined;

const boxesOf = ({ providers: asked, output }: Asked, architecture: string, place: PostProcessorPlace) => {
  const { pointer, fields, wrong, templateName } = place;
  if (asked.includes('libvirt') && asked.includes('qemu'))
    wrong.add(`${pointer}/providers`, 'has "libvirt" and "qemu", for which the same box is made: leave "qemu" out');
  return asked.map((provider) => {
    const name = fields.early(`${pointer}/output`, output, { build_name: templateName, provider, architecture });
    return { provider, name: name ?? `unknown-${pointer.split('/').at(-1) ?? ''}-${provider}` };
  });
};

/** Writes a box: what is told of it as progress are the bytes of disks that are read. */
const writeBox = async (
  settings: VagrantSettings,
  { provider, name }: VagrantSettings['boxes'][number],
  disks: readonly ArtifactDraft[],
  tools: Tools,
): Promise<ArtifactDraft> => {
  const { newFile, signal, build, progress } = tools;
  const { level, architecture, version = versionAt(build.createdAt) } = settings;
  const from = newFile('box');
  await using files = await filesOfBox(settings, { provider, name }, disks, tools);
  const bytes = tarOfFiles(files.list, signal, (read) => progress(name, files.readBytes + read, files.allBytes));
  const known = await writeHashed(from, bytes, level === 0 ? undefined : createGzip({ level }), signal);
  return { name, from, known, mediaType: boxType({ provider: providers[provider].box, architecture, version }) };
};

/** Makes boxes of all disks that there are, in their order (Packer's post-processor vagrant). */
export const vagrant = {
  type: 'vagrant',
  about,
  Schema,
  resolve: async (asked, place): Promise<VagrantSettings> => {
    const { pointer, fields, build } = place;
    const { vagrantfile_template: template, version } = asked;
    const architecture = architectureOf(asked.architecture, build.architecture, place);
    return {
      boxes: boxesOf(asked, architecture, place),
      level: asked.compression_level,
      included: await includedOf(asked.include, place),
      ...(template === undefined
        ? {}
        : { vagrantfile: await fields.file(`${pointer}/vagrantfile_template`, template) }),
      architecture,
      ...(version === undefined ? {} : { version: fields.made(`${pointer}/version`, version, '0', boxVersionOf) }),
      keepsInput: asked.keep_input_artifact,
    };
  },
  plan: ({ boxes, level }) =>
    `${boxes.map(({ name }) => name).join(', ')}${level === 0 ? '' : `, gzip level ${level}`}`,
  refuse: ({ boxes }, taken) => {
    const disks = taken.filter(isDisk);
    if (disks.length === 0) return 'has no disk to make a box of: there is none among what it takes';
    if (boxes.every(({ provider }) => providers[provider].box !== 'libvirt')) return undefined;
    const raw = disks.find(({ mediaType }) => diskFormatOf(mediaType) === 'raw');
    return raw === undefined
      ? undefined
      : `has a provider whose boxes hold qcow2 alone, and ${quoted(raw.name)} is raw: export it as qcow2`;
  },
  gives: ({ boxes, architecture, version = '0', keepsInput }, taken) => {
    const mostMb = taken.filter(isDisk).reduce((sum, disk) => sum + disk.mostMb, 0);
    return [
      ...taken.filter((draft) => keepsInput || !isDisk(draft)),
      ...boxes.map(({ provider, name }) => ({
        name,
        mediaType: boxType({ provider: providers[provider].box, architecture, version }),
        mostMb: mostMb + Math.ceil(mostMb / 1024) + 64,
      })),
    ];
  },
  // VMDKs lie beside their box until it is written.
  scratchMb: ({ boxes }, taken) =>
    boxes.some(({ provider }) => provider === 'virtualbox')
      ? taken.filter(isDisk).reduce((sum, { mostMb }) => sum + mostMb + Math.ceil(mostMb / 256) + 1, 0)
      : 0,
  run: async (settings, taken, tools) => {
    const disks = taken.filter(isDisk);
    const given = taken.filter((draft) => settings.keepsInput || !isDisk(draft));
    for (const box of settings.boxes) given.push(await writeBox(settings, box, disks, tools));
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, VagrantSettings>;
