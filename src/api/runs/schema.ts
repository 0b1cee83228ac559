import { z } from 'zod';
import { Id } from '../../base/ids.ts';
import { Phase } from '../../base/records/phase.ts';
import { RunStatus } from '../../base/records/run-status.ts';
import { Status } from '../../base/records/status.ts';
import { Event } from '../builds/event-schema.ts';
import { Plan } from '../builds/plan-schema.ts';
import { Progress, TemplateUsed } from '../builds/schema.ts';
import { pageOf, Time } from '../contract/common.ts';

const Links = z.object({
  self: z.string(),
  status: z.string(),
  result: z.string(),
  events: z.string(),
  builds: z.string(),
  cancel: z.string(),
});

const RunBuild = z
  .object({
    machine: z.string().meta({ description: 'The machine of the template.' }),
    id: Id.meta({ description: 'The id of its build.' }),
    status: Status,
    phase: Phase.optional().meta({ description: 'As in the build.' }),
    progress: Progress.optional().meta({ description: 'As in the build; only where runs are looked at.' }),
    fault: z
      .string()
      .optional()
      .meta({ description: 'Why it failed or was cancelled, in a line; the build has all of it.' }),
    links: z
      .object({ self: z.string(), log: z.string(), artifacts: z.string() })
      .meta({ description: 'Paths of the build and of what it has written.' }),
  })
  .meta({ id: 'RunBuild', description: 'The build of one machine of a run, in short.' });

export const Run = z
  .object({
    id: Id.meta({ description: 'A ULID: ids sort by the time of the POST.', example: '01JZ8Q4M3V9T7K2E5W6X1Y0ABC' }),
    status: RunStatus,
    template: TemplateUsed.meta({ description: 'What is built.' }),
    builds: z.array(RunBuild).meta({
      description: 'One for each machine, in the order of the template. Those that were deleted are missing.',
    }),
    parallel: z.int().optional().meta({ description: 'How many of them run at once; missing: no limit of its own.' }),
    fail_fast: z.boolean().meta({ description: 'Whether the others are cancelled when one has failed.' }),
    requested_by: z.string().optional().meta({ description: 'The name of the token that asked for it.' }),
    rebuild_of: z.string().optional().meta({ description: 'The id of the run whose builds it does again.' }),
    created_at: Time.meta({ description: 'When it was accepted.' }),
    ended_at: Time.optional().meta({ description: 'When the last of its builds came to its end.' }),
    version: z.int().meta({
      description: 'Grows with each change of the status or the phase of one of its builds. It is also the ETag.',
    }),
    links: Links.meta({ description: 'Paths of all there is about it.' }),
  })
  .meta({ id: 'Run', description: 'Builds of several machines of one template, with one result.' });

export const RunEvent = z
  .object({
    id: z
      .string()
      .meta({ description: 'Its place among the events of the run: where to go on after it.', example: '7.4' }),
    build: Id.meta({ description: 'The build that it happened to.' }),
    machine: z.string().meta({ description: 'The machine of that build.' }),
    event: Event,
  })
  .meta({ id: 'RunEvent', description: 'Something that happened to a build of a run.' });

export const RunPage = pageOf(Run, 'Runs, the newest first.').meta({ id: 'RunPage' });

export const RunPlan = z
  .object({
    template: TemplateUsed.meta({ description: 'What would be built.' }),
    machines: z.array(Plan).meta({ description: 'What the build of each machine would do.' }),
  })
  .meta({ id: 'RunPlan', description: 'What a run would do, worked out without doing it.' });
