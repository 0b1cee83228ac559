import { useState } from 'preact/hooks';
import { isEnded, type Build, type BuildEvent, type Input, type Step } from '../api/types.ts';
import { durationText } from '../parts/format.ts';
import { useNow } from '../parts/use.ts';
import { LayerHit, LayerMarks } from './layer-marks.tsx';
import { layerStory, type LayerMark } from './layers.ts';
import { attemptsOf, timelineRows, type TimelineRow } from './rows.ts';
import { useMedians } from './use-medians.ts';

type Props = {
  readonly build: Build;
  readonly steps: readonly Step[];
  readonly plan: Input['plan'];
  readonly events: readonly BuildEvent[];
};

type RowProps = {
  readonly row: TimelineRow;
  readonly wholeMs: number;
  readonly medianMs: number | undefined;
  readonly marks: readonly LayerMark[];
};

const Bar = ({ row, wholeMs, medianMs }: Omit<RowProps, 'marks'>) => {
  const share = (ms: number) => `${((100 * ms) / wholeMs).toFixed(3)}%`;
  if (row.state === 'planned' || row.state === 'taken') return null;
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

const Row = ({ row, wholeMs, medianMs, marks }: RowProps) => (
  <tr class={`step-${row.state}`}>
    <th scope="row">
      {row.name}
      {row.about === undefined ? null : <span class="about">{row.about}</span>}
      <LayerMarks marks={marks} />
    </th>
    <td class="number">
      {row.state === 'planned' || row.state === 'taken' ? '' : durationText(row.toMs - row.fromMs)}
    </td>
    <td class="number quiet">{medianMs === undefined ? '' : durationText(medianMs)}</td>
    <td class="line">
      <span class="unseen">{row.state}</span>
      <Bar row={row} wholeMs={wholeMs} medianMs={medianMs} />
    </td>
  </tr>
);

const AttemptChoice = ({
  attempts,
  chosen,
  choose,
}: {
  readonly attempts: readonly number[];
  readonly chosen: number | undefined;
  readonly choose: (attempt: number) => void;
}) =>
  attempts.length < 2 ? null : (
    <p>
      <label>
        Attempt{' '}
        <select value={chosen} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
          {attempts.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
    </p>
  );

const Heads = ({ hasMedians, wholeMs }: { readonly hasMedians: boolean; readonly wholeMs: number }) => (
  <thead>
    <tr>
      <th scope="col">Step</th>
      <th scope="col" class="number">
        Took
      </th>
      <th scope="col" class="number">
        {hasMedians ? 'Median' : <span class="unseen">Median</span>}
      </th>
      <th scope="col">
        <span class="scale">
          <span>0</span> <span>{durationText(wholeMs)}</span>
        </span>
      </th>
    </tr>
  </thead>
);

/** The steps of a build, to scale; a thin line shows how long each took in the median of the last builds. */
export const Timeline = ({ build, steps, plan, events }: Props) => {
  const isOver = isEnded(build.status);
  const now = useNow(500, !isOver);
  const medians = useMedians(build);
  const attempts = attemptsOf(steps, build.attempt);
  const [chosen, choose] = useState<number>();
  const attempt = chosen ?? attempts.at(-1);
  const { hit, marks } = layerStory(events, attempt);
  const rows = timelineRows(
    steps.filter((step) => step.attempt === attempt),
    plan,
    { now, isOver, takenUpTo: hit?.step },
  );
  const wholeMs = Math.max(1000, ...rows.map(({ toMs }) => toMs));
  return (
    <>
      <AttemptChoice attempts={attempts} chosen={attempt} choose={choose} />
      <LayerHit hit={hit} build={build} />
      <div class="scroll" tabIndex={0} role="region" aria-label="Steps">
        <table class="timeline">
          <Heads hasMedians={medians.size > 0} wholeMs={wholeMs} />
          <tbody>
            {rows.map((row, at) => (
              <Row
                key={at}
                row={row}
                wholeMs={wholeMs}
                medianMs={medians.get(row.name)}
                marks={marks.filter(({ step }) => step === row.name)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
};
