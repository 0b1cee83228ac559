import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Statistics } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { useWork } from '../parts/use.ts';
import type { ViewProps } from '../shell/views.ts';
import { choiceOf, Chooser, type StatisticsChoice } from './choice.tsx';
import { Faults, Templates } from './counted.tsx';
import { daysBefore } from './days.ts';
import { BuildsByDay, Durations, QueueWait, StepsByDay } from './figures.tsx';

const useStatistics = ({ days, template }: StatisticsChoice) => {
  const [statistics, setStatistics] = useState<Statistics>();
  const error = useWork(
    async (signal) => {
      const today = new Date().toISOString().slice(0, 10);
      const query = new URLSearchParams({ from: daysBefore(today, Number(days) - 1), to: today });
      if (template !== '') query.set('template', template);
      setStatistics(await call<Statistics>(`statistics?${query.toString()}`, { signal }));
    },
    [days, template],
  );
  return { statistics, error };
};

/** What became of builds, day by day. */
export const StatisticsView = ({ place }: ViewProps) => {
  const choice = choiceOf(place.query);
  const { statistics, error } = useStatistics(choice);
  useEffect(() => {
    document.title = 'Statistics – imaged';
  }, []);
  return (
    <>
      <h1>Statistics{choice.template === '' ? '' : ` of ${choice.template}`}</h1>
      <Chooser choice={choice} names={statistics?.templates.map(({ name }) => name) ?? []} />
      <Trouble error={error} />
      {statistics === undefined ? null : (
        <div class="figures">
          <BuildsByDay statistics={statistics} />
          <Faults faults={statistics.faults} />
          <QueueWait statistics={statistics} />
          <Durations statistics={statistics} />
          {statistics.template === undefined ? (
            <Templates templates={statistics.templates} days={choice.days} />
          ) : (
            <StepsByDay statistics={statistics} />
          )}
        </div>
      )}
    </>
  );
};
