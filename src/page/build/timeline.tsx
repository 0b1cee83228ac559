import { useState } from 'preact/hooks';
import { isEnded, type Build, type Input, type Step } from '../api/types.ts';
import { durationText } from '../parts/format.ts';
import { useNow } from '../parts/use.ts';
import { attemptsOf, timelineRows, type TimelineRow } from './rows.ts';
import { useMedians } from './use-medians.ts';

type Props = { readonly build: Build; readonly steps: readonly Step[]; readonly plan: Input['plan'] };

const Bar = ({
  row,
  wholeMs,
  medianMs,
}: {
  readonly row: TimelineRow;
  readonly wholeMs: number;
  readonly medianMs: number | undefined;
}) => {
  const share = (ms: number) => `${((100 * ms) / wholeMs).toFixed(3)}%`;
  if (row.state === 'planned') return null;
  return (
    <svg class="bar" width="100%" height="14" aria-hidden="true">
      <rect
        class={`bar-${row.state}`}
        x={share(row.fromMs)}
        width={share(Math.max(row.toMs - row.fromMs, wholeMs / 500))}
        y="2"
        height="10"
      />
      {medianMs === undefined ? null : (
        <rect class="bar-median" x={share(Math.min(row.fromMs + medianMs, wholeMs))} width="2" y="0" height="14" />
      )}
    </svg>
  );
};

const Row = ({ row, wholeMs, medianMs }: Parameters<typeof Bar>[0]) => (
  <tr class={`step-${row.state}`}>
    <th scope="row">
      {row.name}
      {row.about === undefined ? null : <span class="about">{row.about}</span>}
    </th>
    <td class="number">{row.state === 'planned' ? '' : durationText(row.toMs - row.fromMs)}</td>
    <td class="number quiet">{medianMs === undefined ? '' : durationText(medianMs)}</td>
    <td class="line">
      <span class="unseen">{row.state}</span>
      <Bar row={row} wholeMs={wholeMs} medianMs={medianMs} />
    </td>
  </tr>
);

/** The steps of a build, to scale; a thin line shows how long each took in the median of the last builds. */
export const Timeline = ({ build, steps, plan }: Props) => {
  const isOver = isEnded(build.status);
  const now = useNow(500, !isOver);
  const medians = useMedians(build);
  const attempts = attemptsOf(steps);
  const [chosen, choose] = useState<number>();
  const attempt = chosen ?? attempts.at(-1);
  const rows = timelineRows(
    steps.filter((step) => step.attempt === attempt),
    plan,
    now,
    isOver,
  );
  const wholeMs = Math.max(1000, ...rows.map(({ toMs }) => toMs));
  return (
    <>
      {attempts.length < 2 ? null : (
        <p>
          <label>
            Attempt{' '}
            <select value={attempt} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
              {attempts.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Steps">
        <table class="timeline">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" class="number">
                Took
              </th>
              <th scope="col" class="number">
                {medians.size === 0 ? <span class="unseen">Median</span> : 'Median'}
              </th>
              <th scope="col">
                <span class="scale">
                  <span>0</span> <span>{durationText(wholeMs)}</span>
                </span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <Row key={at} row={row} wholeMs={wholeMs} medianMs={medians.get(row.name)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
};
