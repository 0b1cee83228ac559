import { Duration, forMachines, StepName, Words } from '../template/document/words.ts';

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
