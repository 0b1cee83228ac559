import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { isRuntimeName } from '../language/fill.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { storedName, storedNameRule } from '../../base/records/names.ts';
import { asType, typeOfValue, variableTypes, VariableValue } from '../../base/records/variable-value.ts';
import { Pattern, strict } from './words.ts';

const notAnObject = ({ input }: { readonly input?: unknown }): string | undefined => {
  if (input === null) return 'is Packer\'s form of a variable: write {"required": true}';
  return typeof input === 'object'
    ? undefined
    : 'is Packer\'s form of a variable: write {"default": "..."}, with a text';
};

const Scalar = z.union([z.string().max(bounds.variableCharacters), z.number(), z.boolean()]);

const Declared = strict(
  {
    type: z
      .enum(variableTypes)
      .default('string')
      .describe('what its value is: a text, a number, true or false, a list or a map of those'),
    default: VariableValue.optional().describe(
      'its value when none is sent, of its type; the texts in it may refer to other variables',
    ),
    required: z.boolean().default(false).describe('a value must be sent'),
    choices: z
      .array(Scalar)
      .min(1)
      .max(bounds.choices)
      .optional()
      .describe('the values that it may have; of a list, those of each entry'),
    pattern: Pattern.optional().describe('a regular expression that the whole value must match; for the type string'),
    description: z.string().max(1000).optional().describe('for people'),
    sensitive: z
      .boolean()
      .default(false)
      .describe('log, events and console transcript show <sensitive> in place of its value'),
    secret: z
      .string()
      .regex(storedName, `is no name of a secret: ${storedNameRule}`)
      .optional()
      .describe('the secret of the host that is its value: it is sensitive, and no build can send another'),
  },
  notAnObject,
);

const takenBy: Readonly<Record<string, readonly string[]>> = {
  string: ['string'],
  number: ['number'],
  bool: ['boolean'],
  list: ['string', 'number', 'boolean'],
};

type Declared = z.output<typeof Declared>;

/** Whether its value is never shown. */
export const isSensitive = ({ sensitive, secret }: Pick<Declared, 'sensitive' | 'secret'>): boolean =>
  sensitive || secret !== undefined;

/** What cannot be said of a variable whose value is a secret of the host. */
const misfitsOfSecret = ({ secret, type, default: value, required, choices }: Declared): Record<string, string> =>
  secret === undefined
    ? {}
    : {
        ...(value !== undefined || required ? { secret: 'is its value: it has no default, and none is sent' } : {}),
        ...(type !== 'string' ? { type: `is ${type}, and a secret of the host is a text` } : {}),
        ...(choices !== undefined ? { choices: 'are not for a secret of the host' } : {}),
      };

/** What does not belong together in a variable, by the key that is wrong. */
const misfits = ({
  type,
  default: value,
  required,
  choices,
  pattern,
  sensitive,
}: Declared): Record<string, string> => ({
  ...(value !== undefined && typeOfValue(value) !== type ? { default: misfit(value, type) } : {}),
  ...(value !== undefined && required ? { '': 'is required and has a default: choose one' } : {}),
  ...(value === undefined && !required && type !== 'string'
    ? { type: `is ${type}, which has no empty value: give the variable a default, or write "required": true` }
    : {}),
  ...(pattern !== undefined && type !== 'string' ? { pattern: `is for the type string, and this is ${type}` } : {}),
  ...(sensitive && type === 'bool'
    ? { sensitive: 'is not for a bool: true and false could not be masked in logs' }
    : {}),
  ...(choices !== undefined && sensitive
    ? { choices: 'are not for a sensitive variable: they would show its value' }
    : {}),
  ...(choices?.some((choice) => takenBy[type]?.includes(typeof choice) !== true) === true
    ? { choices: type === 'map' ? 'are not for a map' : `must be of the type ${type}` }
    : {}),
});

const misfit = (value: VariableValue, type: Declared['type']): string => {
  try {
    asType(value, type);
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
  return `is a text, and the variable is of the type ${type}: write it without quotes`;
};

const Variable = Declared.check(({ value, issues }) => {
  for (const [key, message] of Object.entries({ ...misfits(value), ...misfitsOfSecret(value) }))
    issues.push({ code: 'custom', input: value, message, path: key === '' ? [] : [key] });
}).describe('a value that the template leaves to the build');

// Templates of Packer have variables of this name, and those of imaged have little use for the machine's.
const isFactOfMachine = (name: string) => isRuntimeName(name) && name !== 'vm_name';

const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'is not a name of a variable: a letter, then letters, digits, _ and -')
  .refine((name) => !isFactOfMachine(name), {
    error: ({ input }) =>
      `is what imaged calls a fact of the machine: call the variable "my_${String(input)}", and write {{ my_${String(input)} }} for it`,
  });

export const Variables = z
  .record(VariableName, Variable)
  .refine(...atMost(bounds.variables, 'variables'))
  .default({})
  .describe('values that a build may send');
