import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { version } from '../base/package.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { PostProcessorKind } from './kind.ts';
import { billOf, coverageOf } from './materials/bill.ts';
import { packageList, readListing } from './materials/listing.ts';
import { digestsIn } from './materials/digests-in.ts';

const about =
  'a bill of materials of the image (CycloneDX 1.6): its packages as the guest lists them, and what imaged put in';

const Schema = strict({
  type: z.literal('sbom'),
  ...commonKeys,
  output: Words.min(1).max(200).optional().describe('file name; default: name of the template, with `.cdx.json`'),
}).describe(about);

export type SbomSettings = { readonly output: string };

/** https://www.iana.org/assignments/media-types/application/vnd.cyclonedx+json */
const mediaType = 'application/vnd.cyclonedx+json';

/** Some 800 bytes for a package, and no system has more than are read. */
const mostMb = 100;

/** Writes a bill of materials beside what it takes. */
export const sbom = {
  type: 'sbom',
  about,
  Schema,
  resolve: ({ output }, { pointer, fields, templateName }): SbomSettings => ({
    output: fields.made(`${pointer}/output`, output ?? `${templateName}.cdx.json`, 'bill.cdx.json', artifactNameOf),
  }),
  plan: ({ output }) => `${output}, CycloneDX 1.6`,
  gives: ({ output }, taken) => [...taken, { name: output, mediaType, mostMb }],
  run: async ({ output }, taken, tools) => {
    const { newFile, build, log } = tools;
    const list = build.collected(packageList);
    const listing = readListing(list === undefined ? '' : await readFile(list, 'utf8'));
    log(`packages in the bill: ${coverageOf(listing)}`);
    const { drafts, files } = await digestsIn(taken, tools);
    const at = build.steps.at(-1)?.endedAt ?? build.startedAt;
    const { id, templateName, architecture, inputs } = build;
    const facts = {
      id,
      templateName,
      architecture,
      inputs,
      artifacts: files,
      name: output,
      at,
      imagedVersion: version,
    };
    const from = newFile('json');
    await writeFile(from, `${JSON.stringify(billOf(listing, facts), null, 1)}\n`, { flag: 'wx', mode: 0o600 });
    return [...drafts, { name: output, mediaType, from }];
  },
} as const satisfies PostProcessorKind<typeof Schema, SbomSettings>;
