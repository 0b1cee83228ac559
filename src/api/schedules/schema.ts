import { z } from 'zod';
import { MachineName } from '../../base/records/machine-name.ts';
import { TemplateReference } from '../../base/records/template-reference.ts';
import { Labels, pageOf, TemplateName, Time, Variables } from '../contract/common.ts';

const name = TemplateName.meta({ description: 'The schedule’s name.', example: 'nightly' });

export const Params = z.object({ name });

const own = {
  template: TemplateReference.meta({
    description: 'The stored template to build: `openbsd` (its newest version at the time) or `openbsd@3`.',
    example: 'openbsd',
  }),
  machine: MachineName.optional().meta({ description: 'For a template with several machines: the one to build.' }),
};

const about = {
  cron: 'Minute, hour, day, month and weekday as cron(8) has them, or `@daily` and the like. Where clocks are set ahead, a time that is left out comes when they are set; where they are set back, one that comes twice is taken once, unless the hour is `*`.',
  time_zone: 'The time zone that its hours are of, by its name in the IANA database.',
  skip_unchanged:
    'Whether no build is started while template, variables and inputs are those of its last good build. Of files of the host size and time of change are compared; what a guest has from the network is not known.',
  paused: 'Whether it rests: then it starts builds by hand alone.',
  labels: 'Labels of its builds, beside `schedule`, which has its name.',
};

/** The body of PUT /schedules/{name}. */
export const ScheduleBody = z
  .strictObject({
    ...own,
    variables: Variables.default({}).meta({ description: 'Values for the template’s variables.' }),
    cron: z.string('is no text').max(1000).meta({ description: about.cron, example: '30 2 * * 1-5' }),
    time_zone: z
      .string('is no text')
      .max(100)
      .default('UTC')
      .meta({ description: about.time_zone, example: 'Europe/Berlin' }),
    skip_unchanged: z.boolean('is neither true nor false').default(true).meta({ description: about.skip_unchanged }),
    paused: z.boolean('is neither true nor false').default(false).meta({ description: about.paused }),
    labels: Labels.default({}).meta({ description: about.labels }),
  })
  .meta({ id: 'NewSchedule', description: 'What to build when.' });

const Run = z
  .object({
    due_at: Time.meta({ description: 'The time that had come.' }),
    at: Time.meta({ description: 'When that was seen to: later where the daemon did not run.' }),
    outcome: z.enum(['started', 'skipped', 'failed']).meta({ description: 'What became of it.' }),
    build: z.string().optional().meta({ description: 'The id of the build that was started.' }),
    why: z.string().optional().meta({ description: 'Why none was.' }),
    by: z.string().optional().meta({ description: 'The name of the token that asked for it by hand.' }),
  })
  .meta({ id: 'ScheduleRun', description: 'What became of one time of a schedule.' });

const shown = {
  name,
  ...own,
  variables: z.record(z.string(), z.unknown()).meta({ description: 'Sensitive ones read `<sensitive>`.' }),
  cron: z.string().meta({ description: about.cron }),
  time_zone: z.string().meta({ description: about.time_zone }),
  skip_unchanged: z.boolean().meta({ description: about.skip_unchanged }),
  paused: z.boolean().meta({ description: about.paused }),
  labels: z.record(z.string(), z.string()).meta({ description: about.labels }),
  requested_by: z.string().optional().meta({ description: 'The name of the token that stored it.' }),
  created_at: Time,
  updated_at: Time.meta({ description: 'When it was stored last.' }),
  next_at: Time.optional().meta({ description: 'When its time comes next; missing while it is paused.' }),
};

export const ScheduleInfo = z
  .object(shown)
  .meta({ id: 'ScheduleInfo', description: 'Builds of a stored template at times of a calendar.' });

export const SchedulePage = pageOf(ScheduleInfo, 'By name.');

export const Schedule = z
  .object({
    ...shown,
    runs: z.array(Run).meta({ description: 'What became of its times, the newest first; 100 at most.' }),
  })
  .meta({ id: 'Schedule', description: 'A schedule with what became of its times.' });
