import type { InputFacts, StepTimes } from '../../post-processors/build-facts.ts';
import { bounds } from '../../base/bounds.ts';

/** What an attempt has done so far: the steps that have ended, and what has gone into it. */
export type Past = {
  readonly stepEnded: (step: StepTimes) => void;
  readonly inputTaken: (input: InputFacts) => void;
  readonly steps: () => readonly StepTimes[];
  /** Each once, in the order in which they were taken. A guest can fetch sets at will: what is beyond the bound is not kept. */
  readonly inputs: () => readonly InputFacts[];
};

/** `before`: what an earlier daemon has done of the attempt. */
export const makePast = (
  before: { readonly steps: readonly StepTimes[]; readonly inputs: readonly InputFacts[] } = { steps: [], inputs: [] },
): Past => {
  const steps: StepTimes[] = [...before.steps];
  const inputs = new Map(before.inputs.map((input) => [input.name, input]));
  return {
    stepEnded: (step) => void steps.push(step),
    inputTaken: (input) => {
      if (inputs.size < bounds.buildInputs) inputs.set(input.name, input);
    },
    steps: () => [...steps],
    inputs: () => [...inputs.values()],
  };
};
