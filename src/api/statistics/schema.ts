import { z } from 'zod';
import { statisticsBounds } from '../../base/bounds.ts';
import { dayIn } from '../../base/records/day.ts';
import { MachineName } from '../../base/records/machine-name.ts';
import { ProblemCode } from '../../base/records/fault-record.ts';
import { TemplateName } from '../contract/common.ts';

/** A day as `2026-03-01`, in UTC; as days since 1970 once it is read. */
const Day = z
  .string()
  .max(64)
  .transform((text, context) => {
    const day = dayIn(text);
    if (day !== undefined) return day;
    context.addIssue('is no day of the calendar: write 2026-03-01');
    return z.NEVER;
  });

export const StatisticsQuery = z.strictObject({
  from: Day.optional().meta({
    type: 'string',
    description: `The first day, in UTC, at most ${statisticsBounds.days} days together with the last. Default: 30 days.`,
    example: '2026-03-01',
  }),
  to: Day.optional().meta({ type: 'string', description: 'The last day. Default: today.', example: '2026-03-31' }),
  template: TemplateName.optional().meta({
    description: 'Only builds of this template, and the times of their steps.',
  }),
});

export const StepTimesQuery = z.strictObject({
  template: TemplateName.meta({ description: 'The template.' }),
  machine: MachineName.optional().meta({ description: 'Of a template with several machines, which of them.' }),
});

const Times = z
  .object({
    count: z.int().meta({ description: 'How many there were.' }),
    p50_seconds: z.number().meta({ description: 'The median: half of them took no longer.' }),
    p95_seconds: z.number().meta({ description: '95 of 100 took no longer.' }),
  })
  .meta({ id: 'Times', description: 'How long something took.' });

const StepTimes = Times.extend({ name: z.string().meta({ description: 'The step, as in the plan.' }) }).meta({
  id: 'StepTimes',
  description: 'How long a step took.',
});

const date = z.string().meta({ description: 'The day, in UTC.', example: '2026-03-01' });

export const Statistics = z
  .object({
    from: date,
    to: date,
    template: z.string().optional().meta({ description: 'The template that was asked for.' }),
    days: z
      .array(
        z.object({
          day: date,
          succeeded: z.int().meta({ description: 'Builds that ended well on that day.' }),
          failed: z.int().meta({ description: 'Builds that failed.' }),
          cancelled: z.int().meta({ description: 'Builds that were cancelled.' }),
          wait: Times.optional().meta({ description: 'In the queue, until they were claimed first.' }),
          duration: Times.optional().meta({ description: 'From then to the end, of those that succeeded.' }),
        }),
      )
      .meta({ description: 'The days on which a build ended, in their order.' }),
    faults: z
      .array(
        z.object({
          code: ProblemCode,
          status: z.enum(['failed', 'cancelled']).meta({ description: 'How those builds ended.' }),
          count: z.int().meta({ description: 'How many did.' }),
        }),
      )
      .meta({ description: 'Why builds did not succeed, the commonest first.' }),
    wait: Times.optional().meta({ description: 'In the queue, of all days.' }),
    duration: Times.optional().meta({ description: 'Of the builds that succeeded, of all days.' }),
    templates: z
      .array(
        z.object({
          name: z.string().meta({ description: 'The template.' }),
          succeeded: z.int().meta({ description: 'Builds of it that ended well.' }),
          failed: z.int().meta({ description: 'Builds of it that failed.' }),
          cancelled: z.int().meta({ description: 'Builds of it that were cancelled.' }),
        }),
      )
      .meta({
        description: `The templates of all builds of those days, the commonest first, at most ${statisticsBounds.templates}.`,
      }),
    steps: z
      .array(
        StepTimes.extend({
          days: z.array(Times.extend({ day: date })).meta({ description: 'The same by day.' }),
        }),
      )
      .meta({
        description: `With \`template\`: the steps of the builds that succeeded, the longest first, at most ${statisticsBounds.steps}.`,
      }),
  })
  .meta({ id: 'Statistics', description: 'What became of the builds that ended on some days.' });

export const RecentStepTimes = z
  .object({
    template: z.string().meta({ description: 'The template.' }),
    machine: z.string().optional().meta({ description: 'Its machine.' }),
    builds: z
      .int()
      .meta({ description: `Of how many builds that is told: at most the newest ${statisticsBounds.recentBuilds}.` }),
    whole: Times.optional().meta({ description: 'From the claim to the end. Missing where there are no builds.' }),
    steps: z.array(StepTimes).meta({ description: 'In the order in which they begin.' }),
  })
  .meta({ id: 'RecentStepTimes', description: 'What a build of a template is compared with.' });
