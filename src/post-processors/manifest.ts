import { stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { artifactNameOf } from '../base/artifact-name.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys, Output } from './common.ts';
import type { ArtifactDraft, PostProcessorKind, Tools } from './kind.ts';
import { imagedManifest, packerManifest, type ManifestFile } from './manifests.ts';

const about = 'a list of the artifacts, in JSON: as Packer writes it, or with digests, times and inputs';

const Schema = strict({
  type: z.literal('manifest'),
  ...commonKeys,
  format: z
    .enum(['imaged', 'packer'])
    .default('imaged')
    .describe("`imaged`: digests, times, steps and inputs; `packer`: the keys of Packer's manifest"),
  output: Output.describe(
    'the name of the file; default: `manifest.json`, of the form of Packer `packer-manifest.json`',
  ),
  custom_data: z
    .record(z.string().min(1).max(200), Words.max(10_000))
    .refine((data) => Object.keys(data).length <= bounds.environment, `has more than ${bounds.environment} entries`)
    .default({})
    .describe('texts of your own, by name'),
}).describe(about);

export type ManifestSettings = {
  readonly format: 'imaged' | 'packer';
  readonly output: string;
  readonly customData: Readonly<Record<string, string>>;
};

const mediaType = 'application/json';

const filesOf = async (
  drafts: readonly ArtifactDraft[],
  format: ManifestSettings['format'],
  { digestsOf }: Tools,
): Promise<readonly ManifestFile[]> => {
  const files: ManifestFile[] = [];
  for (const draft of drafts) {
    const { name, mediaType: type } = draft;
    if (format === 'packer')
      files.push({ name, mediaType: type, size: draft.known?.size ?? (await stat(draft.from)).size });
    else {
      const { size, digests } = await digestsOf(draft, ['sha256']);
      const sha256 = digests.get('sha256');
      files.push({ name, mediaType: type, size, ...(sha256 === undefined ? {} : { sha256 }) });
    }
  }
  return files;
};

/** Writes a list of the artifacts beside them. */
export const manifest = {
  type: 'manifest',
  about,
  Schema,
  resolve: ({ format, output, custom_data: asked }, { pointer, fields }): ManifestSettings => ({
    format,
    output: fields.made(
      `${pointer}/output`,
      output ?? (format === 'packer' ? 'packer-manifest.json' : 'manifest.json'),
      `unknown${pointer.replaceAll('/', '-')}`,
      artifactNameOf,
    ),
    customData: Object.fromEntries(
      Object.entries(asked).map(([name, text]) => [name, fields.early(`${pointer}/custom_data/${name}`, text) ?? '']),
    ),
  }),
  plan: ({ format, output }) => `${output}, ${format === 'packer' ? "in Packer's form" : 'with digests'}`,
  gives: ({ output }, taken) => [...taken, { name: output, mediaType, mostMb: 1 }],
  run: async ({ format, output, customData }, taken, tools) => {
    const files = await filesOf(taken, format, tools);
    const document = format === 'packer' ? packerManifest : imagedManifest;
    const from = tools.newFile('json');
    const text = `${JSON.stringify(document(files, tools.build, customData), null, 2)}\n`;
    await writeFile(from, text, { flag: 'wx', mode: 0o600 });
    const known = (at: number) => {
      const { size, sha256 } = files[at] ?? {};
      return size === undefined || sha256 === undefined ? {} : { known: { size, sha256 } };
    };
    return [...taken.map((draft, at) => ({ ...draft, ...known(at) })), { name: output, mediaType, from }];
  },
} as const satisfies PostProcessorKind<typeof Schema, ManifestSettings>;
