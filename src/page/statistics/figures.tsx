import type { Statistics } from '../api/types.ts';
import { durationText } from '../parts/format.ts';
import { Bars } from './charts/bars.tsx';
import { Figure } from './charts/figure.tsx';
import { Lines } from './charts/lines.tsx';
import { byDay, daysBetween, endings } from './days.ts';

type Props = { readonly statistics: Statistics };

const timeText = (seconds: number | undefined): string => (seconds === undefined ? '' : durationText(seconds * 1000));

const sum = (values: readonly number[]): number => values.reduce((whole, value) => whole + value, 0);

const daysOf = ({ from, to }: Statistics) => daysBetween(from, to);

export const BuildsByDay = ({ statistics }: Props) => {
  const days = daysOf(statistics);
  const parts = endings(byDay(days, statistics.days));
  const about = parts.map(({ name, values }) => `${sum(values)} ${name}`).join(', ');
  return (
    <Figure
      title="Builds a day"
      keys={parts.map(({ name }) => ({ name, mark: `key-${name}` }))}
      heads={['Day', ...parts.map(({ name }) => name)]}
      rows={statistics.days.map((day) => [day.day, String(day.succeeded), String(day.failed), String(day.cancelled)])}
    >
      <Bars title="Builds by the day of their end" about={`${about}.`} days={days} parts={parts} />
    </Figure>
  );
};

type Measured = { readonly p50_seconds: number; readonly p95_seconds: number } | undefined;

/** The median and the 95th of 100, by day. */
const timesByDay = (title: string, name: 'wait' | 'duration') =>
  function TimesByDay({ statistics }: Props) {
    const days = daysOf(statistics);
    const told = byDay(days, statistics.days).map((day): Measured => day?.[name]);
    const whole = statistics[name];
    const about =
      whole === undefined
        ? 'Nothing was measured.'
        : `The median of all days is ${timeText(whole.p50_seconds)}; 95 of 100 took no longer than ${timeText(whole.p95_seconds)}.`;
    return (
      <Figure
        title={title}
        keys={[
          { name: 'half took no longer', mark: 'key-0' },
          { name: '95 of 100 took no longer', mark: 'key-1' },
        ]}
        heads={['Day', 'Median', '95 of 100']}
        rows={statistics.days.flatMap((day) => {
          const times = day[name];
          return times === undefined ? [] : [[day.day, timeText(times.p50_seconds), timeText(times.p95_seconds)]];
        })}
      >
        <Lines
          title={`${title}, by day`}
          about={about}
          days={days}
          lines={[
            { name: 'median', values: told.map((times) => times?.p50_seconds) },
            { name: '95', values: told.map((times) => times?.p95_seconds) },
          ]}
        />
      </Figure>
    );
  };

export const QueueWait = timesByDay('Wait in the queue', 'wait');
export const Durations = timesByDay('How long good builds took', 'duration');

// More lines than these cannot be told apart.
const mostDrawn = 6;

export const StepsByDay = ({ statistics }: Props) => {
  const days = daysOf(statistics);
  const drawn = statistics.steps.slice(0, mostDrawn);
  const lines = drawn.map(({ name, days: own }) => ({
    name,
    values: byDay(days, own).map((day) => day?.p50_seconds),
  }));
  return (
    <Figure
      title="Steps, the longest"
      keys={drawn.map(({ name }, at) => ({ name, mark: `key-${at}` }))}
      heads={['Step', 'Times', 'Median', '95 of 100']}
      rows={statistics.steps.map((step) => [
        step.name,
        String(step.count),
        timeText(step.p50_seconds),
        timeText(step.p95_seconds),
      ])}
    >
      <Lines
        title="Medians of the longest steps, by day"
        about={drawn.map(({ name, p50_seconds }) => `${name}: ${timeText(p50_seconds)}`).join('; ')}
        days={days}
        lines={lines}
      />
    </Figure>
  );
};
