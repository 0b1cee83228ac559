import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { anyOf, nearest, quoted } from '../../base/text/nearest.ts';
import { hasPlaceholders } from '../language/expression.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { patternForm } from '../language/pattern.ts';
import { durationOf, durationPart, sizeMbOf } from '../../base/units.ts';

/**
 * An object that takes no other keys. Where it has some, the message is a line for each key that it takes: see issues.ts.
 * `otherwise` says what is wrong with what is no object.
 */
export const strict = <Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  otherwise?: (issue: { readonly input?: unknown }) => string | undefined,
) => {
  const known = Object.keys(shape).join('\n');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : otherwise?.(issue)),
  });
};

/** Judges a value by a function that throws ParseErrors, unless variables are still to be filled in: then resolve does. */
export const judged =
  <T extends number | string>(judge: (value: T) => unknown) =>
  (ctx: z.core.ParsePayload<T>): void => {
    if (typeof ctx.value === 'string' && hasPlaceholders(ctx.value)) return;
    try {
      judge(ctx.value);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      ctx.issues.push({ code: 'custom', input: ctx.value, message: error.message });
    }
  };

const longestText = 1024 * 1024;

/** A text in which variables are filled in. */
export const Words = z.string().max(longestText);

/** A pattern of texts for the published schema, where placeholders are still to be filled in. It takes all that the code takes. */
const orPlaceholders = (pattern: string) => ({ pattern: `^\\s*${pattern}\\s*$|\\{\\{` });

export const Size = z
  .union([z.number(), z.string().max(100).meta(orPlaceholders('\\d+(\\.\\d+)?\\s*[bkmgtBKMGT]?([iI]?[bB])?'))])
  .check(judged(sizeMbOf))
  .describe('a size: `10G`, `512M`, or a number of MB');

const DurationText = z
  .string()
  .max(100)
  .meta(orPlaceholders(`[-+]?(\\d+(\\.\\d+)?|(${durationPart})+)`));

const duration = (atLeastMs: number) =>
  z
    .union([z.number(), DurationText])
    .check(judged((value: number | string) => durationOf(value, atLeastMs)))
    .describe('a duration: `90s`, `5m`, `1h30m`, or a number of seconds');

/** At least a millisecond. */
export const Duration = duration(1);
/** May be nothing. */
export const Pause = duration(0);
/** May be nothing, or negative, which means the same. */
export const SignedPause = duration(-1_000_000_000);

/** Its form alone: whether RE2 takes it is judged by `resolve`, which has a budget for that and takes turns with others. */
export const Pattern = Words.check(judged(patternForm)).describe('a regular expression (RE2, flags m and s)');

/** A text or several, as Packer takes many of its keys. */
export const OneOrMore = z.union([Words, z.array(Words).min(1).max(bounds.inlineLines)]);

/** How the steps and events of a build call a part of its template. */
export const StepName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$/, 'must be a short name: letters, digits, blanks and . _ -')
  .optional()
  .describe("how the build's steps and events call it; default: type and number");

const typeIn = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && 'type' in given ? given.type : undefined;

/** Names the type that a typing error is near to. */
const nearType = (given: unknown, types: readonly string[]): string | undefined => {
  const type = typeIn(given);
  const near = typeof type === 'string' ? nearest(type, types) : undefined;
  return typeof type !== 'string' || near === undefined ? undefined : `is the unknown type ${quoted(type)}: did you mean ${quoted(near)}?`; // prettier-ignore
};

/** One of several objects that their `type` tells apart. Another type is answered with `otherwise`, or with those that there are. */
export const oneOfTypes = <K extends { readonly [N in keyof K]: { readonly Schema: z.core.$ZodTypeDiscriminable } }>(
  kinds: K,
  otherwise: (given: unknown) => string | undefined = () => undefined,
) => {
  const schemas: K[keyof K]['Schema'][] = [];
  for (const name in kinds) schemas.push(kinds[name].Schema);
  const [first, ...others] = schemas;
  if (first === undefined) throw new RangeError('There is no type to choose from.');
  const names = () => anyOf(Object.keys(kinds).map((name) => `"${name}"`));
  return z.discriminatedUnion('type', [first, ...others], {
    error: ({ input }) => otherwise(input) ?? nearType(input, Object.keys(kinds)) ?? `must have a "type": ${names()}`,
  });
};

/** Names of machines of the template: `only` and `except`. */
const MachineNames = z.array(z.string()).min(1).max(bounds.machines).optional();

/** For which machines something is. Read by template/expand, before the rest of a template is. */
export const forMachines = {
  only: MachineNames.describe('the machines that it is for, by name; default: all'),
  except: MachineNames.describe('the machines that it is not for, in place of `only`'),
};
