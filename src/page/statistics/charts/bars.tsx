import { dayAt, Frame, heightAt } from './frame.tsx';
import { ticksFor } from './scale.ts';

/** A part of each day's bar; `name` is its class too. */
export type BarPart = { readonly name: string; readonly values: readonly number[] };

type Props = {
  readonly title: string;
  readonly about: string;
  readonly days: readonly string[];
  /** From below. */
  readonly parts: readonly BarPart[];
};

/** Bars by day, of parts that stand on one another. */
export const Bars = ({ title, about, days, parts }: Props) => {
  const sumUpTo = (at: number, count: number) =>
    parts.slice(0, count).reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const ticks = ticksFor(Math.max(...days.map((_day, at) => sumUpTo(at, parts.length)), 0), 'count');
  const largest = ticks.at(-1) ?? 1;
  return (
    <Frame {...{ title, about, ticks, days }} tickText={String}>
      {parts.map(({ name, values }, part) => (
        <g key={name} class={`part part-${name}`}>
          {values.map((value, at) => {
            if (value === 0) return null;
            const { x, width } = dayAt(at, days.length);
            const from = sumUpTo(at, part);
            const top = heightAt(from + value, largest);
            return (
              <rect key={at} x={x + width * 0.1} width={width * 0.8} y={top} height={heightAt(from, largest) - top} />
            );
          })}
        </g>
      ))}
    </Frame>
  );
};
