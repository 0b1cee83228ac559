import { Fault } from '../../base/fault.ts';
import type { Store } from '../store.ts';
import type { Connection } from './connection.ts';

/** Whether the store can be written and, where that is asked, read whole. `file` is its database. */
export const makeCheck = ({ db, clock, read, write }: Connection, file: string): Pick<Store, 'check'> => {
  const probe = db.prepare<[number]>('INSERT OR REPLACE INTO probe (one, checked_at) VALUES (1, ?)');
  return {
    check: async (ask) => {
      await write('power', () => probe.run(clock.now()));
      const found = ask?.everyPage ? await read(() => db.pragma('quick_check(1)', { simple: true })) : 'ok';
      if (found !== 'ok')
        throw new Fault(
          'store_unavailable',
          `The store ${file} is damaged: ${String(found)}. Restore it from a backup.`,
        );
    },
  };
};
