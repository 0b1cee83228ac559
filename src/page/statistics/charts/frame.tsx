import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** The inside of a chart, in units of its drawing: charts grow with the page and keep their shape. */
const size = { width: 640, height: 180, left: 52, right: 8, top: 8, bottom: 22 } as const;

const inside = {
  width: size.width - size.left - size.right,
  height: size.height - size.top - size.bottom,
} as const;

/** Where a value is, from above. */
export const heightAt = (value: number, largest: number): number =>
  size.top + inside.height * (1 - (largest === 0 ? 0 : value / largest));

/** Where a day is: its left edge, and how wide it is. */
export const dayAt = (at: number, count: number): { readonly x: number; readonly width: number } => {
  const width = inside.width / Math.max(1, count);
  return { x: size.left + at * width, width };
};

type Props = {
  readonly title: string;
  /** The same as the drawing in words, for who cannot see it. */
  readonly about: string;
  readonly ticks: readonly number[];
  readonly tickText: (value: number) => string;
  readonly days: readonly string[];
  readonly children: ComponentChildren;
};

/** A drawing over days, with its scales. */
export const Frame = ({ title, about, ticks, tickText, days, children }: Props) => {
  const id = useId();
  const largest = ticks.at(-1) ?? 1;
  const marked = [...new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])].filter((at) => at >= 0);
  const anchors = ['start', 'middle', 'end'] as const;
  return (
    <svg class="chart" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-labelledby={`${id}-t ${id}-d`}>
      <title id={`${id}-t`}>{title}</title>
      <desc id={`${id}-d`}>{about}</desc>
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            class="grid"
            x1={size.left}
            x2={size.width - size.right}
            y1={heightAt(tick, largest)}
            y2={heightAt(tick, largest)}
          />
          <text class="tick" x={size.left - 6} y={heightAt(tick, largest) + 4} text-anchor="end">
            {tickText(tick)}
          </text>
        </g>
      ))}
      {children}
      {marked.map((at, n) => (
        <text
          key={at}
          class="tick"
          x={size.left + (inside.width * (at + 0.5)) / Math.max(1, days.length)}
          y={size.height - 6}
          text-anchor={marked.length === 1 ? 'middle' : anchors[n]}
        >
          {days[at]}
        </text>
      ))}
    </svg>
  );
};
