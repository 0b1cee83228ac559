import type { Database } from 'better-sqlite3';
import type { EventData, EventType } from '../../base/records/build-events.ts';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Encryption } from './encryption/encryption.ts';
import type { Outbox } from './notify/outbox.ts';
import { closed, storeFault } from './store-fault.ts';
import type { Writer } from './writer.ts';

/** What every part of the store stands on. */
export type Connection = {
  readonly db: Database;
  readonly clock: Clock;
  readonly encryption: Encryption;
  /** Reads what is committed, now. */
  readonly read: <T>(work: () => T) => Promise<T>;
  readonly write: Writer['write'];
  /**
   * Appends the next event of a build, which makes its number the build's version. Every change of a build goes with
   * exactly one, within the same `write`; so do the deliveries that tell of it. Throws `not_found`.
   */
  readonly append: <Type extends EventType>(id: string, type: Type, data: EventData[Type]) => void;
  /** The listeners of this build are told after the commit, as `append` does it. */
  readonly touch: (id: string) => void;
  /** The write-ahead log is emptied after the commit: something secret was overwritten. */
  readonly forget: () => void;
};

/** The build that was asked for by `id` is not there. */
export const noSuchBuild = (id: string): Fault => new Fault('not_found', `There is no build ${id}.`);

/** The token is not, or no longer, that of the build's claim. */
export const leaseLost = (id: string): Fault =>
  new Fault('lease_lost', `The worker's token for build ${id} is no longer valid: the build was given to another.`);

export const makeConnection = (
  { db, encryption }: Pick<Connection, 'db' | 'encryption'>,
  clock: Clock,
  { write, notes }: Writer,
  outbox: Pick<Outbox, 'tell'>,
): Connection => {
  const insert = db.prepare<[number, string, string, string]>(
    'INSERT INTO build_event (build_id, seq, at, type, data) SELECT id, version + 1, ?, ?, ? FROM build WHERE id = ?',
  );
  return {
    db,
    clock,
    encryption,
    read: async (work) => {
      if (!db.open) throw closed(db.name);
      try {
        return work();
      } catch (error) {
        throw storeFault(error, db.name);
      }
    },
    write,
    append: (id, type, data) => {
      const { changes } = insert.run(clock.now(), type, JSON.stringify(data), id);
      if (changes === 0) throw noSuchBuild(id);
      outbox.tell(id, type, data);
      notes.touch(id);
    },
    touch: notes.touch,
    forget: notes.forget,
  };
};
