import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { version } from '../base/package.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { PostProcessorKind } from './kind.ts';
import { digestsIn } from './materials/digests-in.ts';
import { statementOf } from './materials/statement.ts';

const about =
  'a statement of how the artifacts came about (in-toto v1, SLSA provenance v1): template, inputs, steps, builder';

const Schema = strict({
  type: z.literal('provenance'),
  ...commonKeys,
  output: Words.min(1).max(200).optional().describe('file name; default: name of the template, with `.intoto.json`'),
}).describe(about);

export type ProvenanceSettings = { readonly output: string };

/** https://www.iana.org/assignments/media-types/application/vnd.in-toto+json */
const mediaType = 'application/vnd.in-toto+json';

/** Names and digests of files, steps and what a client sent: all of it is bounded. */
const mostMb = 20;

/** Writes a statement of what it takes, beside it. */
export const provenance = {
  type: 'provenance',
  about,
  Schema,
  resolve: ({ output }, { pointer, fields, templateName }): ProvenanceSettings => ({
    output: fields.made(`${pointer}/output`, output ?? `${templateName}.intoto.json`, 'intoto.json', artifactNameOf),
  }),
  plan: ({ output }) => `${output}, SLSA provenance v1`,
  gives: ({ output }, taken) => [...taken, { name: output, mediaType, mostMb }],
  run: async ({ output }, taken, tools) => {
    const { newFile, build, host } = tools;
    const { drafts, files } = await digestsIn(taken, tools);
    const finishedAt = build.steps.at(-1)?.endedAt ?? build.startedAt;
    const { hypervisor, builderId } = host;
    const statement = statementOf(files, { ...build, hypervisor, finishedAt, builderId, imagedVersion: version });
    const from = newFile('json');
    await writeFile(from, `${JSON.stringify(statement, null, 1)}\n`, { flag: 'wx', mode: 0o600 });
    return [...drafts, { name: output, mediaType, from }];
  },
} as const satisfies PostProcessorKind<typeof Schema, ProvenanceSettings>;
