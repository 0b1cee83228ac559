import { statisticsBounds } from '../../base/bounds.ts';
import { dayOf, dayText } from '../../base/records/day.ts';
import type { Days } from '../../queue/statistics.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { invalid } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { RecentStepTimes, Statistics, StatisticsQuery, StepTimesQuery } from './schema.ts';
import { showRecent, showStatistics } from './view.ts';

const tags = ['Statistics'];

const usualDays = 30;

/** The days that are asked for. Throws `invalid_input`. */
const daysOf = (asked: { readonly from?: number | undefined; readonly to?: number | undefined }, now: number): Days => {
  const to = asked.to ?? dayOf(now);
  const from = asked.from ?? to - usualDays + 1;
  const { days } = statisticsBounds;
  const pointer = 'query:/from';
  if (from > to) throw invalid([{ pointer, message: `is behind the last day, ${dayText(to)}` }]);
  if (to - from >= days)
    throw invalid([{ pointer, message: `makes more than ${days} days with the last, ${dayText(to)}` }]);
  return { from, to };
};

/** What became of many builds together. */
export const addStatisticsRoutes = (app: App, { store, clock }: ApiParts): void => {
  app.get('/statistics', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getStatistics',
      summary: 'See what became of builds by day',
      description:
        'Builds by the day of their end, why they failed, how long they waited and took and, with `template`, how long each of their steps took. ' +
        'It stays for a year, also of builds that were deleted. Times are at most 5 % off.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/statistics?template=openbsd&from=2026-03-01"\n```',
      querystring: StatisticsQuery,
      response: answers({ 200: json(Statistics, 'The statistics.') }, [400]),
    },
    handler: async ({ query }) => {
      const days = daysOf(query, clock.now());
      return showStatistics(days, query.template, await store.statistics(days, query.template));
    },
  });

  app.get('/statistics/steps', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getStepTimes',
      summary: 'See how long the steps of a template usually take',
      description:
        'Of the newest builds of the template that succeeded on this host: what `progress` of a build is worked out from, and what its steps can be compared with.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/statistics/steps?template=openbsd"\n```',
      querystring: StepTimesQuery,
      response: answers({ 200: json(RecentStepTimes, 'The times.') }, [400]),
    },
    handler: async ({ query: { template, machine } }) => {
      const of = { templateName: template, ...(machine === undefined ? {} : { machine }) };
      return showRecent({ template, machine }, await store.recentTimes(of));
    },
  });
};
