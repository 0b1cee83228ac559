import type { Readiness } from '../api/types.ts';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePolled } from '../parts/use-polled.ts';

const everyMs = 5000;

// What `/readyz` answers with where builds cannot run.
const notReady = 503;

type Check = Readiness['checks'][number];

const order = { fail: 0, warn: 1, ok: 2 } as const;

const columns: readonly Column<Check>[] = [
  { title: 'State', of: ({ state }) => <span class={`check-${state}`}>{state}</span> },
  { title: 'Check', of: ({ name }) => name },
  { title: 'Found', kind: 'found', of: ({ message }) => message },
];

const verdict = ({ ready, checks }: Readiness): string => {
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  if (!ready) return `Builds cannot run: ${count('fail')} of the checks fail.`;
  const warnings = count('warn');
  return warnings === 0 ? 'Builds can run.' : `Builds can run. ${warnings} of the checks warn.`;
};

/** Whether builds can run now, and what was looked at for that, the worst first: `/readyz`. */
export const Checks = () => {
  const { value, error } = usePolled<Readiness>('readyz', everyMs, [notReady]);
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      <Trouble error={error} />
      {value === undefined ? null : (
        <>
          <p role="status" class={value.ready ? undefined : 'check-fail'}>
            {verdict(value)}
          </p>
          <Table
            label="Findings"
            columns={columns}
            rows={value.checks.toSorted((one, other) => order[one.state] - order[other.state])}
            keyOf={({ name }) => name}
          />
          <p class="quiet">
            What to type where one is not ok, <code>imaged check</code> says on the host.
          </p>
        </>
      )}
    </section>
  );
};
