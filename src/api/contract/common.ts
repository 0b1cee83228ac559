import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { AskedId } from '../../base/ids.ts';
import { ProblemCode } from '../../base/records/fault-record.ts';
import { labelName, labelNameRule } from '../../base/records/label.ts';
import { storedName, storedNameRule } from '../../base/records/names.ts';
import { VariableValue } from '../../base/records/variable-value.ts';
import { Duration, Pause } from '../../base/units.ts';

export const Time = z.iso.datetime().meta({
  description: 'A moment in UTC with milliseconds (RFC 3339).',
  example: '2026-03-01T12:00:00.000Z',
});

/** Unix milliseconds as RFC 3339 has them. */
export const timeOf = (ms: number): string => new Date(ms).toISOString();

export const FieldError = z.object({
  pointer: z.string().meta({
    description:
      'Where it is wrong: an RFC 6901 pointer into the JSON body (`/labels/team`), or, with a prefix, into something ' +
      'else of the request: `query:/since`, `path:/name`, `header:/idempotency-key`, `template.json:/machine/memory`, `template.yaml:/machine/memory`, ' +
      'or into a stored template that the request’s extends: `openbsd@3:/machine/memory`.',
    example: '/template/machine/memory',
  }),
  message: z.string().meta({ description: 'What is wrong with it and what to do.' }),
  file: z.string().optional().meta({
    description:
      'The file of the context that line and column are in, where the pointer does not name it: of a variable without a value, the file that declares it.',
  }),
  line: z.int().optional().meta({
    description:
      'Its line in the text of the body or of the file, from 1, where it was sent as text; for a missing key: the line of the object that should contain it.',
  }),
  column: z.int().optional().meta({ description: 'Its column in that line, in characters from 1.' }),
});

export const Problem = z
  .object({
    type: z.string().meta({
      description: 'The address of this kind of problem, relative to this server.',
      example: '/problems/not_found',
    }),
    title: z.string().meta({ description: 'The kind of problem in words. The same for every problem of this type.' }),
    status: z.int().meta({ description: 'The HTTP status, again.' }),
    detail: z.string().meta({ description: 'What happened this time: what was asked, what was found, what to do.' }),
    instance: z.string().meta({ description: 'The path that was asked for.' }),
    code: ProblemCode,
    request_id: z.string().meta({ description: 'Ties this reply to the lines of the log. Also in `X-Request-Id`.' }),
    errors: z.array(FieldError).optional().meta({ description: 'Each place that is wrong, for bad input.' }),
    expected: z.string().optional().meta({ description: 'What would have been right.' }),
    saw: z.string().optional().meta({ description: 'What was there instead.' }),
  })
  .meta({ id: 'Problem', description: 'An error as RFC 9457 has it, sent as `application/problem+json`.' });
export type ProblemDocument = z.output<typeof Problem>;

// In a query all is text.
const asText = z
  .string()
  .max(64)
  .transform((text): string | number => text);

/** A duration in a query, in milliseconds. */
export const DurationText = asText.pipe(Duration);

const longestWaitMs = 300_000;

/** How long a request waits, in milliseconds. */
export const Wait = asText
  .pipe(Pause)
  .refine((ms) => ms <= longestWaitMs, 'is above 300 s: ask again when the answer has come')
  .optional()
  .meta({
    type: 'string',
    description:
      'How long to wait for a change: seconds, or a duration such as `1m30s`; 300 s at most. The reply comes at once when there is nothing to wait for.',
    example: '60',
  });

export const Labels = z
  .record(
    z.string().regex(labelName, `is no name of a label: ${labelNameRule}`),
    z.string('is no text: write a label in quotes').max(256, 'is longer than 256 characters'),
  )
  .refine((labels) => Object.keys(labels).length <= 64, 'has more than 64 labels');

/** Values as an address can send them. */
export const VariableTexts = z.record(z.string().min(1).max(128), z.string().max(bounds.variableCharacters));

// Of what type each must be is the template's to say.
export const Variables = z
  .record(z.string().min(1).max(128), VariableValue)
  .refine(...atMost(bounds.variables, 'variables'));

export const TemplateName = z.string().regex(storedName, `is no name: ${storedNameRule}`);

// What JavaScript takes for a number besides, as "", "0x10" or "1e1", is none here.
const digits = /^-?\d{1,16}$/;

/** A number that an address, a query or a header has in decimal digits. */
export const inDigits = <N extends z.ZodType<number>>(number: N) =>
  z.preprocess((text) => (typeof text === 'string' && digits.test(text) ? Number(text) : text), number);

/** A whole number in decimal digits. */
export const whole = (least: number, most: number) =>
  inDigits(
    z
      .number(`is no whole number from ${least} to ${most}`)
      .int(`is no whole number from ${least} to ${most}`)
      .min(least, `is below ${least}`)
      .max(most, `is above ${most}`),
  );

// What `next` of a list is made of. Any other text would leave out what the client does not know of.
const places = {
  id: AskedId,
  name: TemplateName,
  number: z.string().regex(/^\d{1,15}$/, 'is no "next" of a page of this list'),
} as const;

/** The query of a list that goes on after an id, a name or a number. */
export const pageQuery = (place: keyof typeof places) =>
  z.strictObject({
    limit: whole(1, 500).prefault(50).meta({ description: 'How many to give at most.' }),
    after: places[place].optional().meta({ description: 'Where to go on: `next` of the page before.' }),
  });

export const Flag = z.enum(['true', 'false'], 'is neither true nor false');

export const Offset = whole(0, Number.MAX_SAFE_INTEGER);

export const Priority = whole(-1000, 1000);

/** A page of a list: its items, and where the next page starts. */
export const pageOf = <S extends z.ZodType>(item: S, what: string) =>
  z.object({
    items: z.array(item).meta({ description: what }),
    next: z.string().optional().meta({
      description: 'Give it as `after` for the next page. Missing on the last page. Also in the `Link` header.',
    }),
  });
