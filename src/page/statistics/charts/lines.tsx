import { durationText } from '../../parts/format.ts';
import { dayAt, Frame, heightAt } from './frame.tsx';
import { ticksFor } from './scale.ts';

/** Seconds by day; undefined where nothing was measured. */
export type ChartLine = { readonly name: string; readonly values: readonly (number | undefined)[] };

type Props = {
  readonly title: string;
  readonly about: string;
  readonly days: readonly string[];
  readonly lines: readonly ChartLine[];
};

type Point = { readonly x: number; readonly y: number };

/** The days that follow one another with a value each: a line is broken where there is none. */
const runsOf = <T,>(points: readonly (T | undefined)[]): readonly (readonly T[])[] => {
  const runs: T[][] = [];
  let isOpen = false;
  for (const point of points) {
    if (point === undefined) isOpen = false;
    else if (isOpen) runs.at(-1)?.push(point);
    else {
      runs.push([point]);
      isOpen = true;
    }
  }
  return runs;
};

const Drawn = ({ points, line }: { readonly points: readonly (Point | undefined)[]; readonly line: number }) => (
  <g class={`line line-${line}`}>
    {runsOf(points).map((run, at) => (
      <polyline key={at} points={run.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
    ))}
    {points.map((point, at) => (point === undefined ? null : <circle key={at} cx={point.x} cy={point.y} r="2.5" />))}
  </g>
);

/** Times by day, a line for each. */
export const Lines = ({ title, about, days, lines }: Props) => {
  const ticks = ticksFor(Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))), 'seconds');
  const largest = ticks.at(-1) ?? 1;
  const pointsOf = ({ values }: ChartLine) =>
    values.map((value, at): Point | undefined => {
      const { x, width } = dayAt(at, days.length);
      return value === undefined ? undefined : { x: x + width / 2, y: heightAt(value, largest) };
    });
  return (
    <Frame {...{ title, about, ticks, days }} tickText={(seconds) => durationText(seconds * 1000)}>
      {lines.map((line, at) => (
        <Drawn key={line.name} points={pointsOf(line)} line={at} />
      ))}
    </Frame>
  );
};
