import { z } from 'zod';
import { quoted } from '../../base/text/nearest.ts';
import { AskedId } from '../../base/ids.ts';
import { onErrors } from '../../base/records/on-error.ts';
import { MachineName } from '../../base/records/machine-name.ts';
import { CacheMode } from '../../base/records/cache-mode.ts';
import { Status } from '../../base/records/status.ts';
import { bounds, webhookBounds } from '../../base/bounds.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { WebhookEvents } from '../../base/records/webhook-event.ts';
import { webhookSecretOf } from '../../base/webhooks/secret.ts';
import { webhookUrlOf } from '../../base/webhooks/url.ts';
import { Duration } from '../../base/units.ts';
import { TemplateReference } from '../../base/records/template-reference.ts';
import {
  DurationText,
  Flag,
  Labels,
  Offset,
  pageQuery,
  Priority,
  TemplateName,
  Variables,
  VariableTexts,
  Wait,
} from '../contract/common.ts';

const OneMachine = MachineName.meta({
  description: 'For a template with several machines: the one to build. All of them: `POST /runs`.',
});

export const OnError = z.enum(onErrors, `is none of ${onErrors.join(', ')}`);

const judgedBy =
  (judge: (text: string) => string) =>
  (text: string, context: z.core.$RefinementCtx<string>): string => {
    try {
      return judge(text);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  };

const Webhook = z
  .strictObject({
    url: z.string('is no URL').transform(judgedBy(webhookUrlOf)).meta({
      type: 'string',
      description: 'Where events are sent with POST; on a host that the configuration lists under `[destinations]`.',
      example: 'https://ci.example.org/imaged',
    }),
    events: WebhookEvents.meta({
      description: 'The events to tell of. Default: how the build ends.',
      example: ['build.held', 'build.failed'],
    }),
    secret: z.string('is no text').transform(judgedBy(webhookSecretOf)).optional().meta({
      type: 'string',
      description:
        'What they are signed with, as Standard Webhooks has it: at least 16 characters, or 24 to 64 bytes in base64 after `whsec_`. It is never shown.',
    }),
  })
  .meta({ id: 'NewWebhook', description: 'Who is told of a build.' });

/** What the JSON bodies of POST /builds and POST /runs have in common. */
export const CommonBody = z.strictObject({
  template: z
    .union([z.record(z.string(), z.unknown()), TemplateReference], {
      error: ({ input }) =>
        input === undefined
          ? 'is missing: send {"template": …}'
          : 'is neither a template document nor the name of a stored template, such as openbsd or openbsd@3',
    })
    .meta({
      description: 'A template document, or the name of a stored one: `openbsd` (its newest version) or `openbsd@3`.',
    }),
  variables: Variables.default({}).meta({
    description:
      'Values for the template’s variables, of the type that each has. A text is read for what is no string: `"3"`, `"true"`.',
    example: { release: '7.9' },
  }),
  labels: Labels.default({}).meta({
    description: 'Your own marks. Lists can be filtered by them.',
    example: { team: 'infra' },
  }),
  priority: z
    .int('is no whole number from -1000 to 1000')
    .min(-1000, 'is below -1000')
    .max(1000, 'is above 1000')
    .default(0)
    .meta({ description: 'Higher runs first; equals run in the order of their POST.' }),
  timeout: Duration.optional().meta({
    description: 'For the whole build: seconds, or a duration such as `2h` or `1h30m`. Else the template’s own.',
    example: '2h',
  }),
  on_error: OnError.default('cleanup').meta({
    description:
      'What becomes of the machine of a failed build. `cleanup`: the template’s error cleanup runs in it, and it goes. ' +
      '`hold`: it is kept for a while as it is, so that you can look at it; then the cleanup runs. ' +
      '`run-cleanup-provisioner`: the cleanup runs, and then it is kept for a while.',
  }),
  debug: z.boolean('is neither true nor false').default(false).meta({
    description:
      'The build waits before each step until `POST /builds/{id}/resume`, its machine within reach. The time of the build goes on.',
  }),
  force: z.boolean('is neither true nor false').default(false).meta({
    description:
      'It takes the place of what is there of the same name where its artifacts are sent, as an image of Amazon EC2. Artifacts of builds themselves never take the place of others.',
  }),
  cache: CacheMode.optional().meta({
    description:
      'What it does with kept layers, beside what its template says: `off` makes all anew and keeps nothing, `only` fails where nothing is kept.',
  }),
  notify: z
    .array(Webhook)
    .max(webhookBounds.webhooks, `has more than ${webhookBounds.webhooks} webhooks`)
    .optional()
    .meta({ description: 'Who is told of it, beside those that the template and the configuration name.' }),
});

/** The JSON body of POST /builds. */
export const BuildAskBody = CommonBody.extend({ machine: OneMachine.optional() }).meta({
  id: 'NewBuild',
  description: 'What to build.',
});

// A parameter that is given once is text, one that is given again is a list: both are a list here.
const manyOf = (what: string) =>
  z
    .preprocess(
      (given) => (typeof given === 'string' ? [given] : given),
      z
        .array(
          z
            .string()
            .max(bounds.variableCharacters)
            .regex(/^[^=]+=/, `is not written ${what}=value`),
        )
        .max(bounds.variables),
    )
    .transform((pairs) =>
      Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
    );

/** What the queries of POST /builds and POST /runs have in common: with a context as the body, what a JSON body would say. */
export const CommonQuery = z.strictObject({
  validate: Flag.optional().meta({ description: '`true`: only work out the plan. Nothing is stored.' }),
  variable: manyOf('name')
    .pipe(VariableTexts)
    .optional()
    .meta({ description: 'With a context: `variable=release=7.9`, repeatable.' }),
  label: manyOf('name')
    .pipe(Labels)
    .optional()
    .meta({ description: 'With a context: `label=team=infra`, repeatable.' }),
  priority: Priority.optional().meta({ description: 'With a context: as in the JSON body.' }),
  timeout: DurationText.optional().meta({
    type: 'string',
    description: 'With a context: as in the JSON body, `timeout=2h`.',
  }),
  on_error: OnError.optional().meta({ description: 'With a context: as in the JSON body.' }),
  debug: Flag.optional().meta({ description: 'With a context: as in the JSON body, `debug=true`.' }),
  force: Flag.optional().meta({ description: 'With a context: as in the JSON body, `force=true`.' }),
  cache: CacheMode.optional().meta({
    description: 'What it does with kept layers, `cache=off`; also beside a JSON body.',
  }),
});

/** The query of POST /builds: with a context as the body, all that a JSON body would say beside the template. */
export const BuildQuery = CommonQuery.extend({
  machine: OneMachine.optional().meta({ description: 'With a context: as in the JSON body, `machine=web`.' }),
});

/** RFC 3339, or Unix milliseconds. */
const Since = z
  .string()
  .max(64)
  .transform((text, context) => {
    const ms = /^[0-9]{1,15}$/.test(text)
      ? Number(text)
      : /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text)
        ? Date.parse(text)
        : NaN;
    if (!Number.isNaN(ms)) return ms;
    context.addIssue('is no moment: write 2026-03-01T12:00:00Z (a + as %2B), or Unix milliseconds');
    return z.NEVER;
  });

const isStatus = (word: string): word is Status => Status.safeParse(word).success;

/** `status=queued,running`, or the parameter given twice. */
const Statuses = z
  .preprocess((given) => (Array.isArray(given) ? given.join(',') : given), z.string().max(256))
  .transform((text, context) => {
    const words = text.split(',').map((word) => word.trim());
    const unknown = words.find((word) => !isStatus(word));
    if (unknown === undefined) return [...new Set(words.filter(isStatus))];
    context.addIssue(`has ${quoted(unknown)}, which is none of ${Status.options.join(', ')}`);
    return z.NEVER;
  });

export const BuildListQuery = pageQuery('id').extend({
  status: Statuses.optional().meta({
    type: 'string',
    description: 'Only builds that stand so: `queued`, or several, `queued,running`.',
    example: 'queued,running',
  }),
  template: TemplateName.optional().meta({ description: 'Only builds of the template with this name.' }),
  label: manyOf('name')
    .pipe(Labels)
    .optional()
    .meta({ description: 'Only builds with this label: `label=team=infra`. All of them when repeated.' }),
  since: Since.optional().meta({
    type: 'string',
    description: 'Only builds accepted at this moment or later: RFC 3339, or Unix milliseconds.',
  }),
  run: AskedId.optional().meta({ type: 'string', description: 'Only builds that are part of this run.' }),
});

export const FollowQuery = z.strictObject({
  offset: Offset.prefault(0).meta({ description: 'Bytes to leave out at the beginning.' }),
  follow: Flag.default('false').meta({
    description: '`true`: stay, and send what is added, until the build has ended.',
  }),
});

export const ConsoleQuery = FollowQuery.extend({
  format: z.enum(['text', 'asciicast'], 'is neither text nor asciicast').default('text').meta({
    description: '`asciicast`: with the time of everything, for a player; with neither `follow` nor `offset`.',
  }),
});

export const EventsQuery = z.strictObject({
  after: Offset.optional().meta({
    description: 'Only events with a higher number. `Last-Event-ID` says the same; the higher of them holds.',
  }),
  follow: Flag.default('true').meta({ description: '`false`: send what there is, and end.' }),
  named: Flag.default('true').meta({
    description: '`false`: server-sent events without `event`, all of which reach `onmessage`; `data` has the type.',
  }),
});

/** The query of what may be waited for. */
export const WaitQuery = z.strictObject({ wait: Wait });

const longestHoldMs = 24 * 3_600_000;

export const HoldAsk = z
  .strictObject({
    minutes: z
      .number('is no number of minutes')
      .positive('is not above 0')
      .max(longestHoldMs / 60_000, 'is above 1440: a machine is held for a day at most')
      .optional()
      .meta({ description: 'How long from now the machine is kept, in minutes.', example: 30 }),
    duration: Duration.refine((ms) => ms <= longestHoldMs, 'is above 24h: a machine is held for a day at most')
      .optional()
      .meta({ description: 'The same as a duration, in place of `minutes`: `1h30m`, or a number of seconds.' }),
  })
  .refine(({ minutes, duration }) => (minutes === undefined) !== (duration === undefined), {
    path: ['duration'],
    error: 'must be given, or "minutes" in place of it, and not both',
  })
  .meta({ id: 'NewHold', description: 'How long to keep the machine: one of the two.' });

/** What it comes to in milliseconds. */
export const holdMsOf = ({ minutes = 0, duration = 0 }: z.output<typeof HoldAsk>): number =>
  duration + Math.round(minutes * 60_000);
