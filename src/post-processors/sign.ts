import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { Fault } from '../base/fault.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { ArtifactDraft, PostProcessorKind } from './kind.ts';
import { readSecretKey } from './signing/secret-key.ts';

const about = 'a signature of signify(1) by the key of this host, beside what it signs: NAME.sig';

const Schema = strict({
  type: z.literal('sign'),
  ...commonKeys,
  embed: z
    .boolean()
    .default(false)
    .describe(
      'whether the text that is signed stands in the signature too, as `signify -C` reads it: for checksum files',
    ),
}).describe(about);

export type SignSettings = { readonly embed: boolean };

const mediaType = 'text/plain';

/** Ed25519 signs a message as a whole, and signify(1) reads it so. */
const mostMb = 64;

const tooLarge = (name: string): string =>
  `is ${name}, which may be larger than the ${mostMb} MB that are signed as a whole: make a checksum of it, and sign that`;

/** Signs artifacts, each on its own. What is signed stays. */
export const sign = {
  type: 'sign',
  about,
  Schema,
  resolve: ({ embed }, { pointer, wrong, host }): SignSettings => {
    if (host !== undefined && host.signingKey === undefined)
      wrong.add(
        pointer,
        'is "sign", and this host has no key to sign with: [sign] key of its configuration names none',
      );
    return { embed };
  },
  plan: ({ embed }) => (embed ? 'with the text in the signature' : 'apart from what is signed'),
  refuse: ({ embed }, taken) => {
    const large = taken.find((draft) => draft.mostMb > mostMb);
    if (large !== undefined) return tooLarge(large.name);
    const other = embed ? taken.find((draft) => draft.mediaType !== mediaType) : undefined;
    return other && `has "embed", which is for texts, and takes ${other.name}: name a checksum file as "artifact"`;
  },
  gives: (_settings, taken) => taken.flatMap((draft) => [draft, { name: `${draft.name}.sig`, mediaType, mostMb: 0 }]),
  run: async ({ embed }, taken, { newFile, host, log }) => {
    if (host.signingKey === undefined) throw new Fault('configuration_invalid', 'This host has no key to sign with.');
    const key = await readSecretKey(host.signingKey);
    const given: ArtifactDraft[] = [];
    for (const draft of taken) {
      if ((await stat(draft.from)).size > mostMb * 2 ** 20)
        throw new Fault('template_invalid', `The artifact to sign ${tooLarge(draft.name)}.`);
      const message = await readFile(draft.from);
      const signature = Buffer.from(key.signatureOf(message));
      const from = newFile('sig');
      await writeFile(from, embed ? Buffer.concat([signature, message]) : signature, { flag: 'wx', mode: 0o600 });
      log(`signed ${draft.name}: verify with ${key.publicName}`);
      given.push(draft, { name: `${draft.name}.sig`, mediaType, from });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, SignSettings>;
