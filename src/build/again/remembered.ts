import type { Phase } from '../../base/records/phase.ts';
import type { Perform, Step } from '../plan.ts';

/** A step that went well, with what it gave. */
export type Done = { readonly name: string; readonly phase: Phase; readonly gives: unknown };

/** The steps of a plan as they are performed, those before the one that it goes on from left out. */
export type Remembered = {
  readonly perform: Perform;
  /** Those that went well, in the order of the plan up to its sequences, which run side by side. */
  readonly done: () => readonly Done[];
  /** The one that began last. */
  readonly begun: () => Omit<Done, 'gives'> | undefined;
};

/** What a later step may have put in the place of what an earlier one gave. */
const replaced: readonly string[] = ['running', 'guest', 'disks'];

const factsIn = ({ gives }: Done): readonly (readonly [name: string, value: unknown])[] =>
  typeof gives === 'object' && gives !== null ? Object.entries(gives) : [];

/**
 * The first so many of the steps that are done, to go on after them. What they gave is as it is now: the machine, the login
 * and the disks are those that the last of all steps has left.
 */
export const standingAfter = (done: readonly Done[], place: number): readonly Done[] => {
  const last = new Map(done.flatMap(factsIn));
  return done.slice(0, place).map((step) => ({
    ...step,
    gives: Object.fromEntries(
      factsIn(step).map(([name, value]) => [name, replaced.includes(name) ? last.get(name) : value]),
    ),
  }));
};

/** Performs steps, and gives for the first of them what they gave `before` instead. */
export const remember = (before: readonly Done[], perform: Perform): Remembered => {
  const done: Done[] = [];
  let begun: Omit<Done, 'gives'> | undefined;
  return {
    perform: async <Needs, Gives>(step: Step<Needs, Gives>, needs: Needs) => {
      const known = before[done.length];
      const { name, phase } = step;
      if (known !== undefined) {
        done.push(known);
        // The plan was proven to have the same steps up to here, and each gives what its kind gives.
        return known.gives as Gives;
      }
      begun = { name, phase };
      const gives = await perform(step, needs);
      done.push({ name, phase, gives });
      return gives;
    },
    done: () => [...done],
    begun: () => begun,
  };
};
