import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { artifactName } from '../base/artifact-name.ts';
import { sumLine } from '../base/sums.ts';
import { algorithms, type Algorithm } from '../image/digests.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys, Output, outputOf } from './common.ts';
import type { ArtifactDraft, PostProcessorKind } from './kind.ts';

const about = 'a file with the digest of an artifact, beside it (NAME.sha256, NAME.sha512), or one file for all';

const Schema = strict({
  type: z.literal('checksum'),
  ...commonKeys,
  types: z
    .array(z.enum(algorithms))
    .min(1)
    .max(algorithms.length)
    .refine((types) => new Set(types).size === types.length, 'names a digest twice')
    .default(['sha256'])
    .describe('the digests, each in a file of its own'),
  format: z
    .enum(['bsd', 'gnu'])
    .default('bsd')
    .describe('`bsd`: `SHA256 (name) = hex`, as sha256(1) and signify(1) read it; `gnu`: `hex  name`'),
  output: Output.describe('one file of this name for all artifacts and digests'),
})
  .refine(({ types, format, output }) => output === undefined || format === 'bsd' || types.length === 1, {
    error:
      'has "output", one file, for several digests, and lines of "gnu" do not say which digest they have: use "bsd"',
    path: ['output'],
  })
  .describe(about);

export type ChecksumSettings = {
  readonly types: readonly Algorithm[];
  readonly format: 'bsd' | 'gnu';
  readonly output?: string;
};

const mediaType = 'text/plain';

/** Writes digests of artifacts into files beside them, or into one. */
export const checksum = {
  type: 'checksum',
  about,
  Schema,
  resolve: ({ types, format, output }, place): ChecksumSettings => ({ types, format, ...outputOf(output, place) }),
  plan: ({ types, format, output }) =>
    `${types.join(' and ')}, as ${format}${output === undefined ? '' : `, in ${output}`}`,
  gives: ({ types, output }, taken) =>
    output === undefined
      ? taken.flatMap((draft) => [
          draft,
          ...types.map((type) => ({ name: `${draft.name}.${type}`, mediaType, mostMb: 0 })),
        ])
      : [...taken, { name: output, mediaType, mostMb: 0 }],
  run: async ({ types, format, output }, taken, { newFile, digestsOf }) => {
    const given: ArtifactDraft[] = [];
    const written = async (name: string, text: string, ending: string): Promise<ArtifactDraft> => {
      const from = newFile(ending);
      await writeFile(from, text, { flag: 'wx', mode: 0o600 });
      return { name, mediaType, from };
    };
    let all = '';
    for (const draft of taken) {
      const { size, digests } = await digestsOf(draft, types);
      const sha256 = digests.get('sha256');
      given.push({ ...draft, ...(sha256 === undefined ? {} : { known: { size, sha256 } }) });
      for (const type of types) {
        const line = sumLine(artifactName(draft.name), digests.get(type) ?? '', type, format);
        all += line;
        if (output === undefined) given.push(await written(`${draft.name}.${type}`, line, type));
      }
    }
    if (output !== undefined) given.push(await written(output, all, 'sums'));
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, ChecksumSettings>;
