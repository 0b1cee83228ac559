import { isEnded } from '../../base/records/status.ts';
import { Fault } from '../../base/fault.ts';
import type { Build, Pin } from '../records.ts';
import type { Idempotency } from '../asked.ts';
import type { Store } from '../store.ts';
import { bytesOf, type makeAccept } from './accept.ts';
import { baseInUse, makeBaseRows } from './bases.ts';
import type { BuildRows } from './build-rows.ts';
import { noSuchBuild, type Connection } from './connection.ts';
import type { StoreKeys } from './keys.ts';
import type { Outbox } from './notify/outbox.ts';

const pinned = ({ by, reason }: Pin): Fault =>
  new Fault(
    'build_pinned',
    `The build is pinned by "${by}"${reason === undefined ? '' : `: ${reason}`}. Take the pin off first: DELETE /builds/ID/pin.`,
  );

const stillActive = ({ id, status }: Build): Fault =>
  new Fault('build_active', `Build ${id} is ${status}. Cancel it, then wait for its end.`, { status });

/** Builds as their clients see them: accepted, looked at, removed. */
export const makeBuilds = (
  { db, read, write, touch }: Connection,
  { find, input }: BuildRows,
  {
    accept,
    keys,
    outbox,
  }: {
    readonly accept: ReturnType<typeof makeAccept>;
    readonly keys: StoreKeys;
    readonly outbox: Pick<Outbox, 'forget'>;
  },
): Pick<Store, 'add' | 'replay' | 'find' | 'input' | 'remove'> => {
  const bases = makeBaseRows({ db });
  const remove = db.prepare<[string]>('DELETE FROM build WHERE id = ?');

  const seen = (id: string): Build => {
    const build = find(id);
    if (!build) throw noSuchBuild(id);
    return build;
  };
  const replay = (idempotency: Idempotency): Build | undefined => {
    const id = keys.used(idempotency, 'build');
    return id === undefined ? undefined : seen(id);
  };
  return {
    replay: (idempotency) => read(() => replay(idempotency)),
    add: (build, idempotency) =>
      write(
        'power',
        () => {
          const first = idempotency && replay(idempotency);
          if (first) return { build: first, replayed: true };
          accept([build]);
          if (idempotency) keys.keep(idempotency, 'build', build.id);
          return { build: seen(build.id), replayed: false };
        },
        bytesOf(build),
      ),
    find: (id) => read(() => find(id)),
    input: (id) => read(() => input(id)),
    remove: (id) =>
      write('power', () => {
        const build = find(id);
        if (!build) return false;
        if (!isEnded(build.status)) throw stillActive(build);
        if (build.pin !== undefined) throw pinned(build.pin);
        const user = bases.user(id);
        if (user !== undefined) throw baseInUse(user);
        touch(id);
        outbox.forget(id);
        return remove.run(id).changes > 0;
      }),
  };
};
