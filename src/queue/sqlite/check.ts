import { Fault } from '../../base/fault.ts';
import { orAborted } from '../../base/waiting.ts';
import type { Store } from '../store.ts';
import type { Connection } from './connection.ts';

// Who asks whether the host is ready waits no longer.
const mostMs = 2000;

const tooSlow = (file: string): Fault =>
  new Fault(
    'store_unavailable',
    `The store ${file} could not be written within ${mostMs / 1000} s: another program has it, or its disk hangs.`,
  );

/** Whether the store can be written and, where that is asked, read whole. `file` is its database. */
export const makeCheck = ({ db, clock, read, write }: Connection, file: string): Pick<Store, 'check'> => {
  const probe = db.prepare<[number]>('INSERT OR REPLACE INTO probe (one, checked_at) VALUES (1, ?)');
  return {
    check: async (ask) => {
      using deadline = clock.deadline(mostMs, new AbortController().signal, () => tooSlow(file));
      await orAborted(
        write('power', () => probe.run(clock.now())),
        deadline.signal,
      );
      const found = ask?.everyPage ? await read(() => db.pragma('quick_check(1)', { simple: true })) : 'ok';
      if (found !== 'ok')
        throw new Fault(
          'store_unavailable',
          `The store ${file} is damaged: ${String(found)}. Restore it from a backup.`,
        );
    },
  };
};
