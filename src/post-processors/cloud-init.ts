import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { pointerTo } from '../base/json/pointer.ts';
import { hostnameOf } from '../base/machine/hostname.ts';
import { cdOf } from '../image/medium/cd.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { PostProcessorPlace, PostProcessorKind } from './kind.ts';

const about =
  'a seed for cloud-init beside the image: a CD that names its first boot, and has its disk and file system grown';

const mostCharacters = 64 * 1024;

const Schema = strict({
  type: z.literal('cloud-init'),
  ...commonKeys,
  output: Words.min(1).max(200).optional().describe('file name; default: name of the template, with `-seed.iso`'),
  user_data: z
    .union([z.string().max(mostCharacters), z.record(z.string(), z.json())])
    .default({})
    .describe('a text as it is, or an object, which becomes `#cloud-config`'),
  meta_data: z
    .string()
    .max(mostCharacters)
    .optional()
    .describe('default: an instance id that is new with each build, and the name of the template as host name'),
  network_config: z
    .union([z.string().max(mostCharacters), z.record(z.string(), z.json())])
    .optional()
    .describe('default: none, and cloud-init asks by DHCP'),
  grow: z
    .boolean()
    .default(true)
    .describe('whether an object under `user_data` has the root partition and its file system grown at the first boot'),
}).describe(about);

type Asked = z.output<typeof Schema>;

export type CloudInitSettings = {
  readonly output: string;
  /** The files of the seed by the names that cloud-init looks for; `meta-data` is added where there is none. */
  readonly files: Readonly<Record<string, string>>;
  readonly hostname: string;
};

/** The file system that https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html looks for. */
const label = 'cidata';

// The time of a file means nothing to cloud-init; this is the first that every reader takes.
const noTime = new Date(Date.UTC(1980, 0, 1));

/** Modules of cloud-init that are on where nothing is said, but in images whose own configuration has them off. */
const growing = { growpart: { mode: 'auto', devices: ['/'] }, resize_rootfs: true };

/** A text that is published: nothing sensitive may be in it. */
const filledText = (raw: string, pointer: string, { fields, wrong }: PostProcessorPlace): string => {
  if (fields.isSecret(pointer, raw))
    wrong.add(pointer, 'holds a sensitive value, and the seed is an artifact that its readers may read: leave it out');
  return fields.early(pointer, raw) ?? '';
};

/** The same value with its texts filled in. */
const filled = (value: unknown, pointer: string, place: PostProcessorPlace): unknown => {
  if (typeof value === 'string') return filledText(value, pointer, place);
  if (Array.isArray(value)) return value.map((one: unknown, at) => filled(one, `${pointer}/${at}`, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, filled(one, pointer + pointerTo([key]), place)]),
  );
};

/** One key to a line, as JSON, which is YAML as well. */
const linesOf = (value: object): string =>
  Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}: ${JSON.stringify(one)}\n`)
    .join('') || '{}\n';

const objectOf = (value: object, key: string, place: PostProcessorPlace): object =>
  Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      filled(one, `${place.pointer}/${key}${pointerTo([name])}`, place),
    ]),
  );

const userDataOf = ({ user_data: asked, grow }: Asked, place: PostProcessorPlace): string =>
  typeof asked === 'string'
    ? filledText(asked, `${place.pointer}/user_data`, place)
    : `#cloud-config\n${linesOf({ ...(grow ? growing : {}), ...objectOf(asked, 'user_data', place) })}`;

const networkConfigOf = (
  { network_config: asked }: Asked,
  place: PostProcessorPlace,
): Readonly<Record<string, string>> => {
  if (asked === undefined) return {};
  if (typeof asked === 'string')
    return { 'network-config': filledText(asked, `${place.pointer}/network_config`, place) };
  return { 'network-config': linesOf(objectOf(asked, 'network_config', place)) };
};

/** Makes a seed of NoCloud. */
export const cloudInit = {
  type: 'cloud-init',
  about,
  Schema,
  resolve: (asked, place): CloudInitSettings => {
    const { pointer, fields, templateName } = place;
    const { output = `${templateName}-seed.iso`, meta_data: metaData } = asked;
    return {
      output: fields.made(`${pointer}/output`, output, 'seed.iso', artifactNameOf),
      files: {
        'user-data': userDataOf(asked, place),
        ...(metaData === undefined ? {} : { 'meta-data': filledText(metaData, `${pointer}/meta_data`, place) }),
        ...networkConfigOf(asked, place),
      },
      hostname: hostnameOf(templateName, 'imaged'),
    };
  },
  plan: ({ output, files }) => `${output}: ${Object.keys(files).join(', ')}`,
  gives: ({ output }, taken) => [...taken, { name: output, mediaType: 'application/x-iso9660-image', mostMb: 1 }],
  run: async ({ output, files, hostname }, taken, { newFile, build }) => {
    const metaData = `instance-id: imaged-${build.id}\nlocal-hostname: ${hostname}\n`;
    const all = Object.entries({ 'meta-data': metaData, ...files });
    const bytes = cdOf(
      label,
      all.map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
      noTime,
    );
    const from = newFile('iso');
    await writeFile(from, bytes, { flag: 'wx', mode: 0o600 });
    return [...taken, { name: output, mediaType: 'application/x-iso9660-image', from }];
  },
} as const satisfies PostProcessorKind<typeof Schema, CloudInitSettings>;
