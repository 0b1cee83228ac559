import type { Phase } from '../../base/records/phase.ts';
import type { Artifact } from '../../image/types.ts';
import type { Connection } from './connection.ts';
import { faultIn, parsed } from './rows.ts';
import type { PlannedStep } from '../asked.ts';
import type { BuildEvent } from '../records.ts';
import type { Store } from '../store.ts';

type StepRow = {
  readonly attempt: number;
  readonly seq: number;
  readonly name: string;
  readonly phase: Phase;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly fault: string | null;
};

type EventRow = { readonly seq: number; readonly at: number; readonly type: string; readonly data: string };

const eventOf = (row: EventRow): BuildEvent => ({ ...row, data: parsed<BuildEvent['data']>(row.data) });

/** What was to happen in a build and what did, in order. An unknown build has no history. */
export const makeHistory = ({
  db,
  read,
}: Connection): Pick<Store, 'plan' | 'steps' | 'artifacts' | 'events' | 'newestEvent'> => {
  const steps = db.prepare<[string], StepRow>('SELECT * FROM build_step WHERE build_id = ? ORDER BY seq');
  const artifacts = db.prepare<[string], Artifact>(
    'SELECT name, media_type AS mediaType, size, sha256 FROM artifact WHERE build_id = ? ORDER BY seq',
  );
  const events = db.prepare<[string, number, number], EventRow>(
    'SELECT seq, at, type, data FROM build_event WHERE build_id = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const newest = db.prepare<[string, string], EventRow>(
    'SELECT seq, at, type, data FROM build_event WHERE build_id = ? AND type = ? ORDER BY seq DESC LIMIT 1',
  );
  const plan = db.prepare<[string], string>('SELECT plan FROM build_input WHERE build_id = ?').pluck();
  return {
    plan: (id) =>
      read(() => {
        const text = plan.get(id);
        return text === undefined ? undefined : parsed<readonly PlannedStep[]>(text);
      }),
    steps: (id) =>
      read(() =>
        steps.all(id).map(({ attempt, seq, name, phase, started_at, ended_at, fault }) => ({
          attempt,
          seq,
          name,
          phase,
          startedAt: started_at,
          ...(ended_at === null ? {} : { endedAt: ended_at }),
          ...faultIn(fault),
        })),
      ),
    artifacts: (id) => read(() => artifacts.all(id)),
    newestEvent: (id, type) =>
      read(() => {
        const row = newest.get(id, type);
        return row && eventOf(row);
      }),
    events: (id, after, limit) => read(() => events.all(id, after, limit).map(eventOf)),
  };
};
