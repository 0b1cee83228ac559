import { z } from 'zod';
import { CacheOutcome } from '../../base/records/cache-outcome.ts';
import { layerKinds } from '../../base/records/layer-kind.ts';
import { Phase } from '../../base/records/phase.ts';
import { Demand, TemplateUsed } from './schema.ts';

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const ShownValue = z.union([...Scalar.options, z.array(Scalar).readonly(), z.record(z.string(), Scalar)]);

const StepCache = z
  .object({
    outcome: CacheOutcome.meta({
      description:
        '`hit`: a kept layer leaves it out. `miss`: it is run, and may be kept. `not_kept`: it is run in each build. `unknown`: that cannot be told yet.',
    }),
    why: z.string().optional().meta({
      description:
        'Why it is no hit: of a miss the first thing that differs from what was kept, `provisioners/1: file setup.sh has changed`.',
    }),
  })
  .meta({ id: 'StepCache', description: 'What kept layers mean for a step.' });

export const PlannedStep = z.object({
  name: z.string().meta({ description: 'The step.' }),
  phase: Phase,
  timeout_seconds: z.number().meta({ description: 'How long it may take.' }),
  about: z.string().optional().meta({ description: 'What it does here, in words.' }),
  sequence: z.int().optional().meta({
    description: 'Which of several sequences of post-processors it is part of, from 1: they run side by side.',
  }),
  cache: StepCache.optional().meta({
    description:
      'What kept layers mean for it: before a build that would be now, of a build as it was when its last attempt looked. Missing for steps that every build takes, and before that.',
  }),
});

export const Note = z
  .object({
    pointer: z.string().meta({ description: 'The place in the request, as in the errors of a problem.' }),
    message: z.string().meta({ description: 'What is so there, and what may have been meant.' }),
  })
  .meta({ id: 'Note', description: 'Something that is no error and may not be what was meant.' });

const ServedText = z
  .object({
    path: z.string().meta({ description: 'Its path on the endpoint, without a slash in front.' }),
    text: z.string().meta({
      description:
        'What a guest would get: values that are known only when the machine runs read `{{ name }}`, sensitive ones `<sensitive>`.',
    }),
  })
  .meta({ id: 'ServedText', description: 'A text that the machine’s own endpoint would serve.' });

export const Plan = z
  .object({
    template: TemplateUsed.meta({ description: 'What would be built.' }),
    machine: z.string().optional().meta({ description: 'Which machine of the template, as in a build.' }),
    variables: z.record(z.string(), ShownValue).meta({
      description: 'All variables with the values that would be used; sensitive ones read `<sensitive>`.',
    }),
    timeout_seconds: z.number().meta({ description: 'For the whole build.' }),
    demand: Demand.meta({ description: 'What it would take from the host.' }),
    plan: z.array(PlannedStep).meta({ description: 'The steps in their order.' }),
    goes_on_from: z
      .object({
        step: z.string().meta({ description: 'The step after which it was kept.' }),
        kind: z.enum(layerKinds).meta({ description: 'What is kept.' }),
        build: z.string().meta({ description: 'The id of the build that made it.' }),
        saved_seconds: z.number().meta({ description: 'How long the steps took that would not be run again.' }),
      })
      .optional()
      .meta({ description: 'The kept layer that it would go on from now.' }),
    from_cache: z.string().optional().meta({
      description: 'The id of the build whose artifacts it would be given now: the same input has made them.',
    }),
    http: z.array(ServedText).meta({
      description:
        'The texts of the endpoint, response files with what imaged has added to them; other files are not shown.',
    }),
    notes: z.array(Note).meta({ description: 'What to look at before it is built; also in its log and events.' }),
  })
  .meta({ id: 'Plan', description: 'What a build would do, worked out without doing it.' });

export const BuildInput = z
  .object({
    template: z.unknown().meta({ description: 'The document, with `<sensitive>` in place of sensitive defaults.' }),
    variables: z.record(z.string(), ShownValue).meta({
      description: 'The values that were used; sensitive ones read `<sensitive>`.',
    }),
    plan: z.array(PlannedStep).meta({ description: 'The steps in their order.' }),
    began_with: z
      .object({
        files: z
          .array(
            z.object({
              name: z.string().meta({ description: 'As the template names it.' }),
              state: z.string().meta({
                description:
                  'Its digest, where this host knows one (`sha256:`), else one of its size and time of change (`stat:`).',
              }),
            }),
          )
          .meta({ description: 'Files and folders of media and of other builds.' }),
        secrets: z
          .array(
            z.object({
              name: z.string().meta({ description: 'Its name.' }),
              version: z.int().meta({ description: 'The version of its value.' }),
            }),
          )
          .meta({ description: 'Secrets of the host.' }),
      })
      .optional()
      .meta({ description: 'How what it begins with stood when it was accepted; missing for old builds.' }),
  })
  .meta({ id: 'Input', description: 'What a build was made from.' });
