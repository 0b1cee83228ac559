import type { Clock } from '../clock.ts';
import { disposals, type Disposals } from '../disposals.ts';
import { asFault, Fault } from '../fault.ts';
import type { Growth } from '../growth.ts';
import type { Claim, Store } from '../queue/types.ts';
import { maskOf } from '../template/mask.ts';
import type { Spec } from '../template/spec.ts';
import type { Folders } from './folders.ts';
import { openLog } from './log.ts';
import { eventLine, maskedData } from './record.ts';
import type { Running } from './running.ts';

/** One try at a build: where its steps write, how long it may take, and what has to be let go. */
export type Attempt = {
  readonly claim: Claim;
  /** Aborts when the build's time is over, when it is stopped from outside, or when its log or events cannot be written. */
  readonly signal: AbortSignal;
  readonly pile: Disposals;
  readonly event: (type: string, data: Readonly<Record<string, unknown>>) => void;
  readonly log: (line: string) => void;
  /** The same fault without secrets in its words and facts. */
  readonly masked: (fault: Fault) => Fault;
  /** Resolves when all events are in the store. */
  readonly settled: () => Promise<void>;
  readonly attend: (running: Running) => Running;
  /** The machine that was started last. */
  readonly attended: () => Running | undefined;
};

export type AttemptParts = {
  readonly store: Store;
  readonly folders: Folders;
  readonly growth: Growth;
  readonly clock: Clock;
};

export const beginAttempt = async (
  claim: Claim,
  spec: Spec,
  { store, folders, growth, clock }: AttemptParts,
  signal: AbortSignal,
): Promise<Attempt> => {
  const { id, timeoutMs } = claim.build;
  const broken = new AbortController();
  const fail = (error: unknown) => broken.abort(asFault(error));
  const masked = maskOf(spec.secrets);
  const pile = disposals();
  const file = pile.keep(await openLog(folders.log(id), { clock, growth, failed: fail }));
  const events = eventLine(store, id, claim.token, fail);
  const limit = pile.keep(
    clock.deadline(timeoutMs, AbortSignal.any([signal, broken.signal]), () => {
      const expected = `the end of the build within ${timeoutMs / 1000} s`;
      return new Fault('build_timeout', `The build took longer than its ${timeoutMs / 1000} s.`, { expected });
    }),
  );
  let attended: Running | undefined;
  return {
    claim,
    signal: limit.signal,
    pile,
    event: (type, data) => events.append(type, maskedData(data, masked)),
    log: (line) => file.write(masked(line)),
    masked: ({ code, message, facts, cause }) => new Fault(code, masked(message), maskedData(facts, masked), { cause }),
    settled: events.settled,
    attend: (running) => {
      attended = running;
      return pile.keep(running);
    },
    attended: () => attended,
  };
};
