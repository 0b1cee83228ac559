import { z } from 'zod';
import { CacheOutcome } from './cache-outcome.ts';
import { layerKinds } from './layer-kind.ts';
import { FaultRecord } from './fault-record.ts';
import { Phase } from './phase.ts';

const text = (description: string) => z.string().meta({ description });
const count = (description: string) => z.int().meta({ description });

const attempt = count('Number of the attempt, from 1.');
const until = count('When the hold ends, in Unix milliseconds.');
const why = FaultRecord.meta({ description: 'Why.' });
const name = text('The name of the machine: that of its slot.');
const by = text('The name of the token that asked.');
const setPath = text('Below `pub/OpenBSD`, such as `7.9/amd64/base79.tgz`.');

/**
 * Every type of event that a build can have, with its data in the words of the code that writes it. Clients read the
 * keys in snake_case; openapi.yaml is printed from here.
 */
export const buildEvents = {
  'build.queued': z
    .object({
      template: text('Name of the template.'),
      by: by.optional(),
      bases: z
        .array(
          z.object({
            asked: text('How the template names it: the id of a build, or `latest:TEMPLATE`.'),
            build: text('The id of the build.'),
          }),
        )
        .optional()
        .meta({ description: 'The builds whose artifacts it begins with, as they were found then.' }),
    })
    .meta({ description: 'The build was accepted.' }),
  'build.running': z
    .object({ attempt, host: text('The host that runs it.'), slot: count('The worker’s place.') })
    .meta({ description: 'A worker has claimed the build.' }),
  'build.phase': z.object({ phase: Phase }).meta({ description: 'The build has come to another phase.' }),
  'build.held': z
    .object({
      until,
      ssh: text('A command line that logs in.').optional(),
      fault: FaultRecord.optional().meta({ description: 'Why it is held; missing where the hold was made longer.' }),
    })
    .meta({ description: 'The build has failed and keeps its machine for a while, or for longer than before.' }),
  'build.paused': z
    .object({
      name: text('The breakpoint, as in the plan.'),
      until: count('When it ends, in Unix milliseconds: then the build fails.'),
      note: text('What the template says about it.').optional(),
      ssh: text('A command line that logs in.').optional(),
    })
    .meta({ description: 'The build is at a breakpoint, and goes on when a client resumes it.' }),
  'build.resumed': z
    .object({
      by,
      from: text(
        'The step that is run again, of a build that was held; missing where it was at a breakpoint.',
      ).optional(),
      mended: z.literal(true).optional().meta({ description: 'Whether it goes on with another template or context.' }),
    })
    .meta({ description: 'The build goes on: from its breakpoint, or from a step that had failed.' }),
  'build.retried': z
    .object({ by: by.optional(), build: text('The id of the new build.') })
    .meta({ description: 'A client has made a retry of the build.' }),
  'build.pinned': z
    .object({ by, reason: text('Why, in the words of who asked.').optional() })
    .meta({ description: 'The build is kept, whatever the retention says.' }),
  'build.unpinned': z.object({ by }).meta({ description: 'The build is kept as any other.' }),
  'build.cancel_requested': z
    .object({ by: by.optional(), reason: text('Why, in the words of who asked.').optional() })
    .meta({ description: 'A client has asked for the build to be cancelled.' }),
  'build.requeued': z
    .object({
      attempt,
      losesAttempt: z
        .boolean()
        .meta({ description: 'Whether the attempt counts. False when the build is not to blame.' }),
      notBefore: count('When it may run again, in Unix milliseconds; 0: at once.'),
      fault: FaultRecord.optional().meta({ description: 'Why the attempt ended.' }),
      deaths: count('How often the daemon died while this build ran.').optional(),
      runsAlone: z.boolean().optional().meta({ description: 'Whether it runs alone from now on.' }),
    })
    .meta({ description: 'The build has gone back to the queue.' }),
  'build.taken_up': z
    .object({ attempt, step: text('The step that was under way.').optional() })
    .meta({ description: 'The daemon was started again and goes on with the build, in the same attempt.' }),
  'build.succeeded': z.object({ attempt }).meta({ description: 'The build has ended well.' }),
  'build.failed': z.object({ attempt, fault: why }).meta({ description: 'The build has failed.' }),
  'build.cancelled': z.object({ attempt, fault: why }).meta({ description: 'The build was cancelled.' }),

  'template.noted': z
    .object({ pointer: text('Where in the template.'), message: text('What is so there.') })
    .meta({ description: 'Something in the template is no error and may not be what was meant.' }),

  'secrets.used': z
    .object({
      secrets: z
        .array(z.object({ name: text('Its name.'), version: count('The version of its value.') }))
        .meta({ description: 'Those that the template names.' }),
    })
    .meta({ description: 'An attempt of the build has read these secrets of the host.' }),

  'step.started': z
    .object({
      step: count('Its number: `seq` in `/builds/{id}/steps`.'),
      name: text('As in the plan.'),
      phase: Phase,
      attempt,
    })
    .meta({ description: 'A step has begun.' }),
  'step.ended': z
    .object({
      step: count('Its number: `seq` in `/builds/{id}/steps`.'),
      name: text('As in the plan.'),
      fault: FaultRecord.optional().meta({ description: 'Missing when it went well.' }),
    })
    .meta({ description: 'A step has ended.' }),

  'artifact.progress': z
    .object({
      name: text('The file name.'),
      percent: count(
        'How much of the disk is written, from 5 to 100; missing for what a post-processor makes.',
      ).optional(),
      step: text('The post-processor that works on it; missing where a disk is converted.').optional(),
      bytes: count('How many bytes it has worked on.').optional(),
      total: count('Of how many, where that is known.').optional(),
    })
    .meta({
      description:
        'A disk is being converted for an artifact, or a post-processor works on a file. At most one a second for each file, and 20 where the total is known; none where vmd converts.',
    }),
  'artifact.published': z
    .object({
      name: text('The file name.'),
      mediaType: text('What kind of file it is.'),
      format: text('The format of a disk; missing for any other file.').optional(),
      size: count('Bytes.'),
      sha256: text('SHA-256 in lower-case hexadecimal.'),
    })
    .meta({ description: 'A file of the build can be downloaded.' }),

  'artifact.uploaded': z
    .object({
      name: text('The file name.'),
      url: text('Where it is, without passwords and keys.'),
      size: count('Bytes.'),
      sha256: text('SHA-256 in lower-case hexadecimal.'),
      ms: count('Milliseconds that it took.'),
    })
    .meta({ description: 'A post-processor has sent a file of the build to another host.' }),

  'file.progress': z
    .object({ file: text('As the template names it.'), percent: count('How much of it has come, from 5 to 100.') })
    .meta({ description: 'A file is being fetched whose length its server tells. At most 20 for each, one a second.' }),
  'file.taken': z
    .object({
      file: text('As the template names it.'),
      digest: text('The digest that it was proven to have: algorithm, colon, hexadecimal.'),
      bytes: count('Its length.'),
      url: text('Where it was fetched from; missing where this host had it.').optional(),
    })
    .meta({
      description: 'A file that the machine begins with, and that the template names by URL or digest, is there.',
    }),

  'machine.started': z
    .object({
      name,
      guestIp: text('The guest’s address, as the guest sees it.'),
      hostIp: text('The host’s address, as the guest sees it.'),
      program: text('What started it: `vmctl`, or the QEMU of the host.'),
      version: text('The release of OpenBSD that vmd is of, or the version of QEMU.'),
      accelerator: text('What runs its processor, under QEMU.').optional(),
      id: count('Its number, under vmd.').optional(),
      tty: text('The device of its console, under vmd.').optional(),
      pid: count('The process that it is.').optional(),
      command: z
        .array(z.string())
        .meta({ description: 'The command line that started it, files by their names alone.' }),
    })
    .meta({ description: 'A machine was started. It has not run yet.' }),
  'machine.rebooted': z.object({ name }).meta({ description: 'The guest has reset itself and boots again.' }),
  'machine.ended': z
    .object({
      name,
      how: z.enum(['halt', 'reboot', 'loop', 'panic', 'crash', 'full', 'flood', 'killed', 'cut', 'stopped']).meta({
        description:
          'How: the guest powered off (`halt`), reset itself (`reboot`) or did so again and again (`loop`), or its ' +
          'kernel panicked (`panic`); the hypervisor failed (`crash`), had no room on disk (`full`), was made to tell of too ' +
          'many events (`flood`) or was killed from outside (`killed`); the guest was asked to power off and lost its power first (`cut`); imaged stopped it (`stopped`).',
      }),
      detail: text('The same for people, with what the hypervisor said last.'),
    })
    .meta({ description: 'A machine has gone.' }),

  'console.heard': z
    .object({
      pattern: text('The awaited pattern, as the template has it.'),
      text: text('What matched it.'),
      afterMs: count('Milliseconds for which it was awaited.'),
    })
    .meta({ description: 'Awaited text has come on the console.' }),
  'console.skipped': z
    .object({ pattern: text('The pattern, as the template has it.') })
    .meta({ description: 'An optional line of the conversation was passed over.' }),
  'console.refused': z
    .object({
      pattern: text('The pattern, as the template has it.'),
      text: text('What matched it.'),
    })
    .meta({ description: 'Text has come on the console that the conversation refuses: it ends there.' }),
  'console.said': z
    .object({
      text: text('What was typed; a secret is masked.'),
      typedTimes: count('How often, until the guest had echoed all of it.'),
    })
    .meta({ description: 'Text was typed on the console.' }),

  'http.request': z
    .object({
      method: text('The method of the request.'),
      url: text('As it was asked for, with its query.'),
      status: count('The status of the reply.'),
      bytes: count('Bytes of the reply’s body.'),
      ms: z.number().meta({ description: 'Milliseconds until the reply had ended.' }),
      from: text('The address of the guest.'),
      userAgent: text('The program, as it calls itself.').optional(),
      isCutOff: z.literal(true).optional().meta({ description: 'The connection broke before the reply had ended.' }),
      error: text('Why there was no whole reply.').optional(),
    })
    .meta({ description: 'The guest has asked its endpoint for something.' }),
  'set.fetched': z
    .object({
      path: setPath,
      sha256: text('SHA-256 in lower-case hexadecimal.'),
      bytes: count('Its length.'),
      from: z.enum(['cache', 'upstream', 'directory']).meta({ description: 'Where imaged had it from.' }),
      key: text('The file name of the public key that its digest was verified with.'),
    })
    .meta({ description: 'The guest has fetched a signed file from the mirror: it went into the image.' }),
  'set.refused': z
    .object({ path: setPath, code: FaultRecord.shape.code, why: text('The reason in words.') })
    .meta({ description: 'The guest asked the mirror for a file and did not get it.' }),
  'boot.progress': z
    .object({ line: text('As it came on the console.') })
    .meta({ description: 'The first boot of the installed system has come to its next part.' }),

  'layer.hit': z
    .object({
      step: text('The step after which it was kept.'),
      key: text('Its key.'),
      kind: z.enum(layerKinds).meta({ description: 'What is kept.' }),
      build: text('The build that made it.'),
      savedSeconds: z.number().meta({ description: 'How long the steps took that are not run again.' }),
    })
    .meta({ description: 'The build goes on from a kept layer.' }),
  'layer.looked_up': z
    .object({
      steps: z
        .array(
          z.object({
            name: text('The step.'),
            outcome: CacheOutcome.meta({ description: 'As in the plan.' }),
            why: z.string().optional().meta({ description: 'Why it is not a hit.' }),
          }),
        )
        .meta({ description: 'In the order of the plan, but for those that every build takes.' }),
    })
    .meta({ description: 'What the kept layers mean for the steps of the plan.' }),
  'layer.missed': z
    .object({
      step: text('The step after which it would have been kept.'),
      key: text('Its key.'),
      why: text('The first thing in which the input differs from what was kept.'),
    })
    .meta({ description: 'Nothing is kept behind this step that the build could go on from.' }),
  'layer.kept': z
    .object({
      step: text('The step after which it was kept.'),
      key: text('Its key.'),
      kind: z.enum(layerKinds).meta({ description: 'What is kept.' }),
      bytes: count('What it takes on the disk.'),
      seconds: z.number().meta({ description: 'How long keeping it took.' }),
      stoodStillMs: z.number().optional().meta({ description: 'Milliseconds for which the machine stood still.' }),
    })
    .meta({ description: 'What the build has made so far is kept for later builds.' }),
  'layer.not_kept': z
    .object({ step: text('The step after which it would have been kept.'), why: text('The reason in words.') })
    .meta({ description: 'What the build has made so far is not kept.' }),
  'layer.awaited': z
    .object({ step: text('The step after which it will be kept.'), key: text('Its key.') })
    .meta({ description: 'Another build is making what this one needs; it waits for that.' }),

  'events.left_out': z
    .record(z.string(), z.int())
    .meta({ description: 'At the end: how many more events there were than a build keeps, by type.' }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof buildEvents;

/** The data of each type of event. */
export type EventData = { readonly [Type in EventType]: Readonly<z.output<(typeof buildEvents)[Type]>> };

/** Writes an event of a build. */
export type WriteEvent = <Type extends EventType>(type: Type, data: EventData[Type]) => void;
