import type { TimelineRow } from '../../build/rows.ts';
import { durationText } from '../../parts/format.ts';
import type { Pair } from '../use-pair.ts';
import { stepPairs, tookMs, type StepPair } from './pairs.ts';

const words: Readonly<Partial<Record<TimelineRow['state'], string>>> = {
  taken: 'from a layer',
  failed: 'failed',
  running: 'running',
};

const Took = ({ row }: { readonly row: TimelineRow | undefined }) => {
  const ms = tookMs(row);
  return (
    <td class="number">
      {ms === undefined ? '' : durationText(ms)}{' '}
      {row === undefined || words[row.state] === undefined ? null : (
        <span class={row.state === 'failed' ? 'failed' : 'quiet'}>{words[row.state]}</span>
      )}
    </td>
  );
};

const changeText = (a: number | undefined, b: number | undefined): string => {
  if (a === undefined || b === undefined) return '';
  const change = durationText(Math.abs(b - a));
  return change === durationText(0) ? '' : `${b > a ? '+' : '−'}${change}`;
};

const Bars = ({ pair, wholeMs }: { readonly pair: StepPair; readonly wholeMs: number }) => {
  const width = (ms: number | undefined) => `${((100 * (ms ?? 0)) / wholeMs).toFixed(2)}%`;
  return (
    <svg class="bar" width="100%" height="14" aria-hidden="true">
      <rect class="bar-a" width={width(tookMs(pair.a))} y="0" height="6" />
      <rect class="bar-b" width={width(tookMs(pair.b))} y="8" height="6" />
    </svg>
  );
};

/** How long each step took in both builds. */
export const StepTimes = ({ pair: { a, b } }: { readonly pair: Pair }) => {
  const pairs = stepPairs(a.rows, b.rows);
  const wholeMs = Math.max(1, ...pairs.flatMap((pair) => [tookMs(pair.a) ?? 0, tookMs(pair.b) ?? 0]));
  return (
    <section aria-label="Steps">
      <h2>Steps</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Steps of both">
        <table class="pairs">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" class="number">
                A
              </th>
              <th scope="col" class="number">
                B
              </th>
              <th scope="col" class="number">
                B to A
              </th>
              <th scope="col">
                <span class="key-a">A</span> <span class="key-b">B</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pairs.map((pair) => (
              <tr key={pair.name}>
                <th scope="row">{pair.name}</th>
                <Took row={pair.a} />
                <Took row={pair.b} />
                <td class="number">{changeText(tookMs(pair.a), tookMs(pair.b))}</td>
                <td class="line">
                  <Bars pair={pair} wholeMs={wholeMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
