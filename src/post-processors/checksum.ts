import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { algorithms, type Algorithm } from '../image/digests.ts';
import { artifactName } from '../base/artifact-name.ts';
import { sumLine } from '../base/sums.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { Draft, PostProcessorKind } from './kind.ts';

const about = 'a file with the digest of an artifact, beside it: NAME.sha256, NAME.sha512';

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
}).describe(about);

export type ChecksumSettings = {
  readonly types: readonly Algorithm[];
  readonly format: 'bsd' | 'gnu';
};

const mediaType = 'text/plain';

/** Writes digests of artifacts into files beside them. */
export const checksum = {
  type: 'checksum',
  about,
  Schema,
  resolve: ({ types, format }): ChecksumSettings => ({ types, format }),
  plan: ({ types, format }) => `${types.join(' and ')}, as ${format}`,
  gives: ({ types }, taken) =>
    taken.flatMap((draft) => [
      draft,
      ...types.map((type) => ({ name: `${draft.name}.${type}`, mediaType, mostMb: 0 })),
    ]),
  run: async ({ types, format }, taken, { newFile, digestsOf }) => {
    const given: Draft[] = [];
    for (const draft of taken) {
      const { size, digests } = await digestsOf(draft, types);
      const sha256 = digests.get('sha256');
      given.push({ ...draft, ...(sha256 === undefined ? {} : { known: { size, sha256 } }) });
      for (const type of types) {
        const hex = digests.get(type);
        if (hex === undefined) throw new RangeError(`no ${type} was worked out for ${draft.name}`);
        const from = newFile(type);
        await writeFile(from, sumLine(artifactName(draft.name), hex, type, format), { flag: 'wx', mode: 0o600 });
        given.push({ name: `${draft.name}.${type}`, mediaType, from });
      }
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, ChecksumSettings>;
