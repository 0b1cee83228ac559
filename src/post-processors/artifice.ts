import { link } from 'node:fs/promises';
import { z } from 'zod';
import { anyBytes } from '../base/media-type.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import { matchesGlob } from '../base/pattern/glob.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { PostProcessorKind } from './kind.ts';

const about =
  'other files in place of the artifacts: those that provisioners have downloaded, or some of what there is';

const maxGlobs = 50;

const Schema = strict({
  type: z.literal('artifice'),
  ...commonKeys,
  files: z
    .array(Words.min(1).max(200))
    .min(1)
    .max(maxGlobs)
    .describe('names of files, of which each may be a pattern of the shell: `*`, `?`, `[a-z]`'),
  keep_input_artifact: z.boolean().default(false).describe('keep what there is beside them'),
}).describe(about);

export type ArtificeSettings = {
  readonly globs: readonly string[];
  /** Names of files that provisioners download, and that are named. */
  readonly downloaded: readonly string[];
  readonly keepsInput: boolean;
};

const isNamed = (globs: readonly string[], name: string): boolean => globs.some((glob) => matchesGlob(glob, name));

/** What of a list is left, and which of the downloaded files join it. */
const chosen = <T extends { readonly name: string }>(
  { globs, downloaded, keepsInput }: ArtificeSettings,
  taken: readonly T[],
): { readonly left: readonly T[]; readonly added: readonly string[] } => ({
  left: taken.filter(({ name }) => keepsInput || isNamed(globs, name)),
  added: downloaded.filter((name) => !taken.some((draft) => draft.name === name)),
});

/** Replaces what there is by files that are named (Packer's artifice, whose files are those of the host). */
export const artifice = {
  type: 'artifice',
  about,
  Schema,
  resolve: ({ files, keep_input_artifact: keepsInput }, { pointer, fields, downloaded }): ArtificeSettings => {
    const globs = files.flatMap((file, index) => fields.early(`${pointer}/files/${index}`, file) ?? []);
    return { globs, downloaded: downloaded.filter((name) => isNamed(globs, name)), keepsInput };
  },
  plan: ({ globs }) => globs.join(', '),
  refuse: ({ globs, downloaded }, taken) => {
    const names = [...taken.map(({ name }) => name), ...downloaded];
    const without = globs.find((glob) => !names.some((name) => matchesGlob(glob, name)));
    return without === undefined
      ? undefined
      : `names ${quoted(without)}, and there is no such file by then: ${didYouMean(without, names)}`;
  },
  gives: (settings, taken) => {
    const { left, added } = chosen(settings, taken);
    // A second name of the same file takes no room.
    return [...left, ...added.map((name) => ({ name, mediaType: anyBytes, mostMb: 0 }))];
  },
  run: async (settings, taken, { newFile, downloadedFile }) => {
    const { left, added } = chosen(settings, taken);
    const given = [...left];
    for (const name of added) {
      const from = newFile('file');
      await link(downloadedFile(name), from);
      given.push({ name, mediaType: anyBytes, from });
    }
    return given;
  },
} as const satisfies PostProcessorKind<typeof Schema, ArtificeSettings>;
