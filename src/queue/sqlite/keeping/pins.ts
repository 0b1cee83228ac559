import { Fault } from '../../../base/fault.ts';
import { changesPin } from '../../rules/changes.ts';
import type { Store, StoreLimits } from '../../store.ts';
import type { BuildRows } from '../build-rows.ts';
import { noSuchBuild, type Connection } from '../connection.ts';
import { makeChanges } from './changes.ts';

/** Builds that clients keep. */
export const makePins = (
  { db, clock, write, append }: Connection,
  { find }: Pick<BuildRows, 'find'>,
  limits: Pick<StoreLimits, 'pins'>,
): Pick<Store, 'pin' | 'unpin'> => {
  const set = db.prepare<[number | null, string | null, string | null, string]>(
    'UPDATE build SET pinned_at = ?, pinned_by = ?, pin_reason = ? WHERE id = ? AND going = 0',
  );
  const changes = makeChanges({ db });
  const pins = db.prepare<[], number>('SELECT count(*) FROM build WHERE pinned_at IS NOT NULL').pluck();
  return {
    pin: (id, { by, reason }) =>
      write('power', () => {
        const build = find(id);
        if (!build) throw noSuchBuild(id);
        if (build.pin === undefined && (pins.get() ?? 0) >= limits.pins)
          throw new Fault(
            'pins_exhausted',
            `${limits.pins} builds are pinned already, which is as many as this host allows ([limits] pins). Take the pin off another one.`,
          );
        if (!changesPin(build.pin, { by, ...(reason === undefined ? {} : { reason }) })) return build;
        changes.check(id);
        // Its files are going already: to a client it is as good as gone.
        if (set.run(build.pin?.at ?? clock.now(), by, reason ?? null, id).changes === 0) throw noSuchBuild(id);
        append(id, 'build.pinned', { by, ...(reason === undefined ? {} : { reason }) });
        return find(id) ?? build;
      }),
    unpin: (id, by) =>
      write('power', () => {
        const build = find(id);
        if (!build) throw noSuchBuild(id);
        if (build.pin === undefined) return build;
        set.run(null, null, null, id);
        append(id, 'build.unpinned', { by });
        return find(id) ?? build;
      }),
  };
};
