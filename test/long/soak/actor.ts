import { systemClock as clock } from '../../../src/base/clock.ts';
import type { Random } from '../../fixtures/random-from.ts';
import type { SteadyClient } from '../../fixtures/steady.ts';
import type { Ward } from './ward.ts';

/** What everybody in the soak may use. */
export type Stage = {
  readonly ward: Ward;
  readonly client: SteadyClient;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Counts what happened, by name. */
  readonly count: (what: string) => void;
  /** What must not be, for the verdict. */
  readonly blame: (what: string) => void;
};

/** Does something again and again with pauses between, until the soak is over; what fails without being foreseen is blamed. */
export const again = async (
  name: string,
  stage: Stage,
  [minMs, maxMs]: readonly [number, number],
  act: () => Promise<void>,
): Promise<void> => {
  const { signal, random, blame } = stage;
  while (!signal.aborted)
    try {
      await clock.sleep(random.between(minMs, maxMs), signal);
      await act();
    } catch (error) {
      if (signal.aborted) return;
      blame(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
};
