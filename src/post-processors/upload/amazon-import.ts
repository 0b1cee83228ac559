import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { strict, Words } from '../../template/document/words.ts';
import { sendToolsOf, outgoingOf } from './sending.ts';
import { commonKeys } from '../common.ts';
import { imageFormatOf } from '../image-formats.ts';
import type { PostProcessorKind } from '../kind.ts';
import { amazonSettings, type AmazonSettings } from './amazon-settings.ts';
import { Secret } from './secrets.ts';

const about = 'an image (AMI) of Amazon EC2, made of a disk: by S3, a snapshot and its registration';

const flag = z.boolean().optional().meta({ default: false });

const Schema = strict({
  type: z.literal('amazon-import'),
  ...commonKeys,
  region: Words.max(63).describe('where bucket and image are, such as `eu-central-1`'),
  s3_bucket_name: Words.max(63).describe('the bucket that the disk goes through, which is there already'),
  s3_key_name: Words.max(700).optional().describe('the name of the disk there; default: `imaged-import-BUILD.FORMAT`'),
  ami_name: Words.max(128)
    .optional()
    .describe('the name of the image; default: the template’s, and the id of the build'),
  ami_description: Words.max(255).optional().describe('what the image and its snapshot say of themselves'),
  ami_users: z.array(Words.max(12)).max(100).optional().describe('the accounts that may start it, by their ids'),
  role_name: Words.max(64).optional().meta({ default: 'vmimport' }).describe('the role that EC2 reads the bucket as'),
  format: z.enum(['raw', 'vmdk', 'vhd']).default('raw').describe('the format of the disk that is taken'),
  architecture: z.enum(['x86_64', 'arm64']).optional().describe('default: that of the machine'),
  boot_mode: z
    .enum(['legacy-bios', 'uefi', 'uefi-preferred'])
    .optional()
    .describe('default: by the firmware of the machine'),
  tags: z.record(z.string().min(1).max(127), Words.max(255)).optional().describe('tags of image and snapshot'),
  skip_clean: flag.describe('whether the disk stays in the bucket'),
  force_deregister: flag.describe('whether an image of that name is deregistered before'),
  access_key: Secret.describe('the id of the access key'),
  secret_key: Secret.describe('the secret access key'),
  session_token: Secret.optional().describe('of temporary keys'),
  endpoint: Words.max(1000).optional().describe('the URL of a server for S3 that is not Amazon’s'),
  ec2_endpoint: Words.max(1000).optional().describe('the URL of a server for EC2 that is not Amazon’s'),
}).describe(about);

export type AmazonAsked = z.output<typeof Schema>;

const mine = <T extends { readonly mediaType: string }>(
  { format }: AmazonSettings,
  taken: readonly T[],
): readonly T[] => taken.filter(({ mediaType }) => imageFormatOf(mediaType) === format);

/** Makes an image of a disk at Amazon EC2, and keeps the disk. */
export const amazonImport = {
  type: 'amazon-import',
  about,
  Schema,
  resolve: (asked, place): AmazonSettings => amazonSettings(asked, place),
  plan: ({ ami, region, bucket }) => `${ami.name} in ${region}, by s3://${bucket}`,
  refuse: (settings, taken) => {
    const count = mine(settings, taken).length;
    if (count === 1) return undefined;
    return count === 0
      ? `takes no disk of the format ${settings.format}: put "convert" before it, or name another "format"`
      : `takes ${count} disks, and an image is made of one: name one as "artifact"`;
  },
  gives: (_settings, taken) => taken,
  run: async (settings, taken, tools) => {
    const { ami, format, region, bucket, key, login, role, endpoint, ec2Endpoint, replaces, keepsObject } = settings;
    const [draft] = mine(settings, taken);
    if (draft === undefined) throw new Fault('template_invalid', `There is no disk of the format ${format}.`);
    const file = await outgoingOf(draft, tools);
    const began = tools.clock.elapsed();
    // The SDK is large: who makes no image there does not load it.
    const { importImage } = await import('../../send/ec2/import-image.ts');
    const urlOf = (text: string | undefined) => (text === undefined ? {} : { endpoint: new URL(text) });
    const { image, snapshot } = await importImage(
      {
        s3: { bucket, region, login, ...urlOf(endpoint) },
        ec2: { region, login, ...urlOf(ec2Endpoint) },
        source: { key, format, role, description: ami.description },
        ...{ ami, replaces: replaces || tools.build.force === true, keepsObject },
      },
      file,
      {
        ...sendToolsOf(tools, file.name, file.size),
        onPercent: (percent) => tools.progressPercent(`${file.name}: snapshot`, percent),
      },
    );
    tools.log(`${file.name} is ${image} in ${region}, of ${snapshot}.`);
    const { name, size, sha256 } = file;
    const ms = Math.max(1, Math.round(tools.clock.elapsed() - began));
    tools.uploaded({ name, url: `arn:aws:ec2:${region}::image/${image}`, size, sha256, ms });
    return taken.map((one) => (one === draft ? { ...draft, known: { size, sha256 } } : one));
  },
} as const satisfies PostProcessorKind<typeof Schema, AmazonSettings>;
