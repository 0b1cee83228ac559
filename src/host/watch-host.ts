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

/** Keeps findings for `keepMs`. Never asks twice at the same time, nor without a caller. */
export const watchHost = ({
  ask,
  clock,
  keepMs = 10_000,
  mostMs = 250,
}: {
  readonly ask: () => Promise<readonly Finding[]>;
  readonly clock: Clock;
  readonly keepMs?: number;
  readonly mostMs?: number;
}): HostWatch => {
  let found: readonly Finding[] | undefined;
  let foundAt = 0;
  let asking: Promise<readonly Finding[]> | undefined;
  const again = () =>
    (asking ??= ask()
      .then((findings) => {
        foundAt = clock.elapsed();
        return (found = findings);
      })
      .finally(() => {
        asking = undefined;
      }));
  const known = async (signal: AbortSignal) => {
    if (found !== undefined && clock.elapsed() - foundAt < keepMs) return found;
    const fresh = again();
    const last = found;
    if (last === undefined) {
      fresh.catch(() => undefined); // the next one to ask hears of it
      return firstLook;
    }
    using deadline = clock.deadline(mostMs, signal, () => new Error('not yet'));
    return await orAborted(fresh, deadline.signal).catch(() => last);
  };
  return { known, whole: (signal) => (found === undefined ? orAborted(again(), signal) : known(signal)) };
};
