import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { isRuntimeName } from '../language/fill.ts';
import { Pattern, strict, Words } from './words.ts';

const notAnObject = ({ input }: { readonly input?: unknown }): string | undefined => {
  if (input === null) return 'is Packer\'s form of a variable: write {"required": true}';
  return typeof input === 'object'
    ? undefined
    : 'is Packer\'s form of a variable: write {"default": "..."}, with a text';
};

const Variable = strict(
  {
    default: Words.max(bounds.variableCharacters)
      .optional()
      .describe('its value when none is sent; may refer to other variables'),
    required: z.boolean().default(false).describe('a value must be sent'),
    pattern: Pattern.optional().describe('a regular expression that the whole value must match'),
    description: z.string().max(1000).optional().describe('for people'),
    sensitive: z
      .boolean()
      .default(false)
      .describe('log, events and console transcript show <sensitive> in place of its value'),
  },
  notAnObject,
)
  .refine(
    ({ default: value, required }) => value === undefined || !required,
    'is required and has a default: choose one',
  )
  .describe('a value that the template leaves to the build');

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
