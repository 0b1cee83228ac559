import { z } from 'zod';
import { Id } from '../../base/ids.ts';
import { CacheMode } from '../../base/records/cache-mode.ts';
import { FaultRecord } from '../../base/records/fault-record.ts';
import { Phase } from '../../base/records/phase.ts';
import { onErrors } from '../../base/records/on-error.ts';
import { Status } from '../../base/records/status.ts';
import { waitingFor } from '../../base/records/waiting.ts';
import { pageOf, Time } from '../contract/common.ts';

export const Demand = z.object({
  memory_mb: z.int().meta({ description: 'MiB of memory.' }),
  disk_mb: z
    .int()
    .meta({ description: 'MiB of disk at most, for disks, artifacts, log, console and events together.' }),
});

const Base = z.object({
  name: z.string().meta({ description: 'The template that was extended.' }),
  version: z.int().meta({ description: 'The version of it that was taken.' }),
});

const Links = z.object({
  self: z.string(),
  status: z.string(),
  result: z.string(),
  events: z.string(),
  log: z.string(),
  console: z.string(),
  screen: z.string(),
  steps: z.string(),
  input: z.string(),
  artifacts: z.string(),
  cancel: z.string(),
  hold: z.string(),
});

export const TemplateUsed = z.object({
  name: z.string().meta({ description: 'The template’s name.' }),
  version: z.int().optional().meta({ description: 'Its version, when a stored template was named.' }),
  extends: z.array(Base).optional().meta({
    description: 'The stored templates that it was merged over, in the versions of that time, the nearest first.',
  }),
});

export const Waiting = z
  .object({
    for: z.enum(waitingFor).meta({
      description:
        'What it waits for: room on disk or in `memory`, a free worker (`slot`), a host that can build (`hypervisor`), the end of the pause before another attempt (`retry`), or another build of its run, of which only so many run at once (`run`).',
    }),
    position: z.int().meta({ description: 'Its place in the queue, by priority and age: 1 for the head.' }),
    needs_mb: z.int().optional().meta({ description: 'MiB that it takes of what is short.' }),
    free_mb: z.int().optional().meta({ description: 'MiB that it could have of that now.' }),
    even_alone: z.literal(true).optional().meta({
      description: 'It takes more than the host has now, even with no other build. Smaller builds pass it.',
    }),
    message: z.string().meta({ description: 'The same in words.' }),
  })
  .meta({ id: 'Waiting', description: 'Why a queued build does not run yet, at the moment of the answer.' });

export const Progress = z
  .object({
    step: z
      .int()
      .meta({ description: 'The place in the plan, from 1, of the last step that has begun; 0 before the first.' }),
    steps: z.int().meta({ description: 'How many steps the plan has.' }),
    fraction: z.number().meta({
      description:
        'From 0, and always below 1: the steps that are done, each as large as the time that it took in the last builds of the template. It never goes back, but begins anew with each attempt.',
      example: 0.4231,
    }),
    eta_seconds: z.number().nullable().meta({
      description: 'Seconds to its end, also of a queued build; null while too little is known of earlier builds.',
      example: 38.5,
    }),
  })
  .meta({ id: 'Progress', description: 'How far a build is that runs or is queued, at the moment of the answer.' });

export const Build = z
  .object({
    id: Id.meta({ description: 'A ULID: ids sort by the time of the POST.', example: '01JZ8Q4M3V9T7K2E5W6X1Y0ABC' }),
    status: Status,
    phase: Phase.optional().meta({
      description: 'What it is busy with, or was when it ended. Missing until its first step begins.',
    }),
    template: TemplateUsed.meta({ description: 'What is built. The whole document is at `links.input`.' }),
    machine: z.string().optional().meta({
      description: 'Which machine of the template it is, where that has several or the build is part of a run.',
    }),
    run: z.string().optional().meta({ description: 'The id of the run that it is part of.' }),
    labels: z.record(z.string(), z.string()).meta({ description: 'As they were given with the POST.' }),
    priority: z.int().meta({ description: 'Higher runs first; equals run in the order of their POST.' }),
    timeout_seconds: z.number().meta({ description: 'For the whole build, from its claim to its end.' }),
    on_error: z.enum(onErrors).meta({ description: 'What becomes of the machine when the build fails.' }),
    debug: z.literal(true).optional().meta({ description: 'It waits for a client before each step.' }),
    force: z.literal(true).optional().meta({
      description:
        'It takes the place of what is there of the same name where its artifacts are sent, as an image of Amazon EC2.',
    }),
    cache: CacheMode.optional().meta({ description: 'What its request says of kept layers.' }),
    from_cache: z.string().optional().meta({
      description: 'The id of the build whose artifacts it was given, because the same input had made them.',
    }),
    attempt: z.int().meta({ description: 'Number of the attempt that runs or ran last; 0 before the first.' }),
    attempts_left: z.int().meta({ description: 'How often it is tried again after a fault of class `infra`.' }),
    demand: Demand.meta({ description: 'What it takes from the host while it runs.' }),
    host: z.string().optional().meta({ description: 'The host that runs it, or ran its last attempt.' }),
    slot: z.int().optional().meta({ description: 'The worker’s place that it has while it runs.' }),
    created_at: Time.meta({ description: 'When it was accepted.' }),
    started_at: Time.optional().meta({ description: 'When it was claimed first.' }),
    ended_at: Time.optional().meta({ description: 'When it came to its end.' }),
    not_before: Time.optional().meta({ description: 'The end of the pause before another attempt.' }),
    runs_alone: z.literal(true).optional().meta({
      description:
        'The daemon died so often while this build ran that it runs alone: other builds wait until it has ended.',
    }),
    waiting: Waiting.optional().meta({
      description:
        'Why it is queued still. Only where a single build is asked for; no change of the ETag goes with it.',
    }),
    progress: Progress.optional().meta({
      description: 'How far it is, while it runs or is queued. No change of the ETag goes with it.',
    }),
    requested_by: z.string().optional().meta({ description: 'The name of the token that asked for it.' }),
    cancel_requested: z.boolean().meta({ description: 'Whether a client asked for it to be cancelled.' }),
    cancel: z
      .object({
        by: z.string().optional().meta({ description: 'The name of the token.' }),
        reason: z.string().optional().meta({ description: 'In the words of who asked.' }),
      })
      .optional()
      .meta({ description: 'Who cancelled it and why, as far as it was said.' }),
    fault: FaultRecord.optional().meta({ description: 'Why it failed, was cancelled, is held, or is tried again.' }),
    hold: z
      .object({
        until: Time.meta({ description: 'Then the machine goes.' }),
        ssh: z.string().optional().meta({ description: 'A command line that logs in.' }),
      })
      .optional()
      .meta({ description: 'How to reach the machine of a held build.' }),
    paused: z
      .array(
        z.object({
          name: z.string().meta({ description: 'The breakpoint, as in the plan.' }),
          until: Time.meta({ description: 'Then the build fails.' }),
          note: z.string().optional().meta({ description: 'What the template says about it.' }),
          ssh: z.string().optional().meta({ description: 'A command line that logs in.' }),
        }),
      )
      .optional()
      .meta({
        description:
          'The breakpoints that it is at: it goes on by `POST /builds/{id}/resume`. Only where a single build is asked for.',
      }),
    pinned: z
      .object({
        at: Time.meta({ description: 'Since when.' }),
        by: z.string().meta({ description: 'The name of the token.' }),
        reason: z.string().optional().meta({ description: 'In the words of who asked.' }),
      })
      .optional()
      .meta({ description: 'It is kept, whatever the retention says: see `PUT /builds/{id}/pin`.' }),
    retry_of: z.string().optional().meta({ description: 'The id of the build that it is a retry of.' }),
    retried_by: z.string().optional().meta({ description: 'The id of the newest retry of it.' }),
    rebuild_of: z.string().optional().meta({ description: 'The id of the build that it does again.' }),
    version: z.int().meta({ description: 'Number of its newest event. It is also the ETag.' }),
    links: Links.meta({ description: 'Paths of all there is about it.' }),
  })
  .meta({ id: 'Build', description: 'One run of a template.' });

export const BuildPage = pageOf(Build, 'Builds, the newest first.').meta({ id: 'BuildPage' });

export const Step = z
  .object({
    attempt: z.int().meta({ description: 'The attempt it belongs to.' }),
    seq: z.int().meta({ description: 'Its place among the steps of the build.' }),
    name: z.string().meta({ description: 'As in the plan.' }),
    phase: Phase,
    started_at: Time,
    ended_at: Time.optional().meta({ description: 'Missing while it runs.' }),
    fault: FaultRecord.optional().meta({ description: 'Missing when it went well.' }),
  })
  .meta({ id: 'Step', description: 'One step that a build has begun.' });

export const Steps = z.object({ items: z.array(Step).meta({ description: 'In the order of their begin.' }) });

export const Artifact = z
  .object({
    name: z.string().meta({ description: 'The file name.', example: 'openbsd-7.9.qcow2' }),
    media_type: z.string().meta({ description: 'What kind of file it is.', example: 'application/x-qemu-disk' }),
    format: z
      .string()
      .optional()
      .meta({ description: 'The format of a disk; missing for any other file.', example: 'qcow2' }),
    size: z.int().meta({ description: 'Bytes.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .meta({ description: 'SHA-256 of the file in hexadecimal.' }),
    href: z.string().meta({ description: 'The path to get it from.' }),
  })
  .meta({ id: 'Artifact', description: 'A published file.' });

export const Artifacts = z.object({
  items: z.array(Artifact).meta({ description: 'All of them; empty until the build succeeded.' }),
});

export const HoldState = z
  .object({
    held: z.boolean().meta({ description: 'Whether the build keeps its machine right now.' }),
    until: Time.optional().meta({ description: 'Then the machine goes.' }),
    ssh: z.string().optional().meta({ description: 'A command line that logs in.' }),
    console: z.string().meta({ description: 'The path to read the console from, and to POST keys to.' }),
  })
  .meta({ id: 'Hold', description: 'The machine that a failed build keeps.' });

export const DetachedConsole = z
  .object({
    command: z.string().meta({ description: 'What to type on the host.', example: 'vmctl console imaged-0' }),
    until: Time.meta({ description: 'Then it is attached again.' }),
  })
  .meta({ id: 'Loan', description: 'The console of a held build, detached for an operator.' });
