import { deferred } from '../base/waiting.ts';
import type { Ending } from './types.ts';

/** The state in which every life of a machine ends, and which nothing changes any more. */
export type Ended = { readonly is: 'ended'; readonly ending: Ending };

/** What an observation makes of a life, and what the driver has to do about it, in this order. */
export type NextState<Life, Effect> = { readonly life: Life; readonly effects: readonly Effect[] };

/** A life that goes on as it was. */
export const unchanged = <Life>(life: Life): NextState<Life, never> => ({ life, effects: [] });

/** One machine's life as it is being lived. */
export type Following<Life, Observation> = {
  readonly now: () => Life;
  /** Goes on to the next state, then does what follows from it. */
  readonly see: (observation: Observation) => void;
  /** Settles once, when the life has ended. */
  readonly ended: Promise<Ending>;
};

/** Holds the state of one machine's life. `next` decides what an observation means, `act` does what follows from it. */
export const followLife = <Life extends Ended | { readonly is: string; readonly ending?: never }, Observation, Effect>(
  first: Life,
  next: (life: Life, observation: Observation) => NextState<Life, Effect>,
  act: (effect: Effect) => void,
): Following<Life, Observation> => {
  let life = first;
  const ended = deferred<Ending>();
  return {
    now: () => life,
    see: (observation) => {
      const { life: after, effects } = next(life, observation);
      life = after;
      for (const effect of effects) act(effect);
      if (life.ending !== undefined) ended.resolve(life.ending);
    },
    ended: ended.promise,
  };
};
