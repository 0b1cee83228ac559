import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { algorithms, digestsOf, type Algorithm } from '../image/digests.ts';
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

/** Its digests: where nothing but a known SHA-256 is asked for, the file is not read. */
const readOf = async (draft: Draft, types: readonly Algorithm[], signal: AbortSignal) => {
  if (draft.known !== undefined && types.every((type) => type === 'sha256'))
    return { known: draft.known, digests: new Map<Algorithm, string>([['sha256', draft.known.sha256]]) };
  // SHA-256 is what publishing asks for: the file is read once for both.
  const { size, digests } = await digestsOf(draft.from, new Set(['sha256', ...types] as const), signal);
  const sha256 = digests.get('sha256');
  return { known: sha256 === undefined ? undefined : { size, sha256 }, digests };
};

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
  run: async ({ types, format }, taken, { newFile, signal }) => {
    const given: Draft[] = [];
    for (const draft of taken) {
      const { known, digests } = await readOf(draft, types, signal);
      given.push({ ...draft, ...(known === undefined ? {} : { known }) });
      for (const [type, hex] of digests) {
        if (!types.includes(type)) continue;
        const from = newFile(type);
        await writeFile(from, sumLine(artifactName(draft.name), hex, type, format), { flag: 'wx', mode: 0o600 });
        given.push({ name: `${draft.name}.${type}`, mediaType, from });
      }
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, ChecksumSettings>;
