import { artifactNameOf } from '../base/artifact-name.ts';
import { Duration, forMachines, StepName, Words } from '../template/document/words.ts';
import type { PostProcessorPlace, PlannedDraft } from './kind.ts';

/** The keys that every post-processor of a template has. */
export const commonKeys = {
  name: StepName,
  timeout: Duration.default('2h').describe('for all that it does'),
  ...forMachines,
  artifact: Words.min(1)
    .max(1000)
    .optional()
    .describe('the artifact that it takes, by its name; default: all that there are by then'),
};

/** The name of what a post-processor makes. */
export const Output = Words.min(1).max(1000).optional();

/** The name with variables filled in; nothing where the template names none. */
export const outputOf = (
  output: string | undefined,
  { pointer, fields }: PostProcessorPlace,
): { readonly output?: string } =>
  output === undefined
    ? {}
    : // No two names that are not known yet may look the same.
      { output: fields.made(`${pointer}/output`, output, `unknown${pointer.replaceAll('/', '-')}`, artifactNameOf) };

/** Refuses one name for what is made of several artifacts. */
export const onlyOne = ({ output }: { readonly output?: string }, taken: readonly PlannedDraft[]): string | undefined =>
  output === undefined || taken.length <= 1
    ? undefined
    : `has "output", one name, and takes ${taken.length} artifacts: name one as "artifact", or leave "output" out`;
