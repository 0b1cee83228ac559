import type { Clock } from '../base/clock.ts';
import { orAborted } from '../base/waiting.ts';
import type { Finding } from './types.ts';

/** What is known of the host, for those who ask often and want to wait little. */
export type HostWatch = {
  /** What was found last. What is older than some seconds is asked again, and waited for no longer than a moment. */
  readonly known: (signal: AbortSignal) => Promise<readonly Finding[]>;
  /** The same, but the first time it waits until everything has been answered. */
  readonly whole: (signal: AbortSignal) => Promise<readonly Finding[]>;
};

const firstLook: readonly Finding[] = [
  { name: 'host', state: 'warn', message: 'is being looked at for the first time; ask again in some seconds' },
];

/** Each program that is asked keeps the loop for some milliseconds: who is told to ask again is answered before. */
const msBeforeFirst = 100;

/** Keeps findings for `keepMs`. Never asks twice at the same time, nor without a caller. */
export const watchHost = ({
  ask,
  clock,
  life,
  keepMs = 10_000,
  mostMs = 250,
}: {
  readonly ask: () => Promise<readonly Finding[]>;
  readonly clock: Clock;
  /** Aborts when the daemon stops: a first look that has not begun is left out. */
  readonly life: AbortSignal;
  readonly keepMs?: number;
  readonly mostMs?: number;
}): HostWatch => {
  let found: readonly Finding[] | undefined;
  let foundAt = 0;
  let asking: Promise<readonly Finding[]> | undefined;
  let soon: Promise<unknown> | undefined;
  const again = () =>
    (asking ??= ask()
      .then((findings) => {
        foundAt = clock.elapsed();
        return (found = findings);
      })
      .finally(() => {
        asking = undefined;
      }));
  // What goes wrong is heard of by the next one to ask.
  const beginSoon = () => {
    soon ??= clock
      .sleep(msBeforeFirst, life)
      .then(() => found ?? again())
      .catch(() => undefined)
      .finally(() => {
        soon = undefined;
      });
  };
  const known = async (signal: AbortSignal) => {
    const last = found;
    if (last === undefined) {
      beginSoon();
      return firstLook;
    }
    if (clock.elapsed() - foundAt < keepMs) return last;
    const fresh = again();
    using deadline = clock.deadline(mostMs, signal, () => new Error('not yet'));
    return await orAborted(fresh, deadline.signal).catch(() => last);
  };
  return { known, whole: (signal) => (found === undefined ? orAborted(again(), signal) : known(signal)) };
};
