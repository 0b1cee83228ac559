import { parseArgs, type ParseArgsConfig } from 'node:util';
import { didYouMean, nearest } from '../../base/text/nearest.ts';
import { usageError } from '../client-error.ts';
import { commandNamed, commands } from './commands.ts';
import { everywhere, optionRow, type OptionName } from './options.ts';
import type { CommandLine, Values } from './types.ts';
import { usageOf } from './usage.ts';

const configOf = (names: readonly OptionName[]): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries(
    names.map((name) => {
      const { type, short, multiple } = optionRow(name);
      return [
        name,
        { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
      ];
    }),
  );

type OptionToken = {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
};

/** What is wrong with an option as it was typed, and what to type. */
const whyWrong = (
  { name, rawName, value, inlineValue }: OptionToken,
  names: readonly OptionName[],
): string | undefined => {
  const known = names.find((one) => one === name);
  if (known === undefined) {
    // One letter is near to any other.
    const near = rawName.startsWith('--') ? nearest(name, names) : undefined;
    return `${rawName} is an unknown option${near === undefined ? '.' : `: did you mean --${near}?`}`;
  }
  const { type, value: what = 'value' } = optionRow(known);
  if (type === 'boolean')
    return value === undefined ? undefined : `${rawName} takes no value, and has ${JSON.stringify(value)}.`;
  if (value === undefined) return `${rawName} needs a value: ${rawName} ${what}.`;
  if (inlineValue !== true && /^-./.test(value))
    return `${rawName} needs a value, and ${JSON.stringify(value)} looks like an option: if it is meant, write --${known}=${value}.`;
  return undefined;
};

const parsed = (args: readonly string[], names: readonly OptionName[], usage: string) => {
  // Judged here and not by Node, whose words are those of programmers.
  const { values, positionals, tokens } = parseArgs({ args: [...args], options: configOf(names), allowPositionals: true, strict: false, tokens: true }); // prettier-ignore
  for (const token of tokens) {
    const wrong = token.kind === 'option' ? whyWrong(token, names) : undefined;
    if (wrong !== undefined) throw usageError(`${wrong}\n${usage}`);
  }
  return { values, positionals };
};

const refuseOtherChoices = (values: Values, names: readonly OptionName[]): void => {
  for (const name of names) {
    const { choices } = optionRow(name);
    const value = values[name];
    if (choices !== undefined && typeof value === 'string' && !choices.includes(value))
      throw usageError(`--${name} is ${JSON.stringify(value)}: it may be ${choices.join(', ')}.`);
  }
};

const withoutCommand = ['help', 'version'];

const unknownCommand = (command: string) =>
  usageError(
    `imagectl does not know ${JSON.stringify(command)}: ${didYouMean(command, Object.keys(commands))}\nSee: imagectl help`,
  );

/** Reads the arguments after the program's name. Throws `usage`. */
export const readArguments = (argv: readonly string[]): CommandLine => {
  if (argv[0] === '--version') return { command: 'version', operands: [], values: {} };
  // The command is the first word that is neither an option nor the value of --host.
  const at = argv.findIndex((word, index) => !word.startsWith('-') && argv[index - 1] !== '--host');
  const [front, command] = at === -1 ? [argv, 'help'] : [argv.slice(0, at), argv[at] ?? 'help'];
  const row = commandNamed(command);
  if (row === undefined && !withoutCommand.includes(command)) throw unknownCommand(command);
  const names = [...everywhere, ...(row?.options ?? [])];
  const usage = row === undefined ? 'See: imagectl help' : usageOf(command, row);
  const rest = at === -1 ? [] : argv.slice(at + 1);
  const { values: found, positionals: operands } = parsed([...front, ...rest], names, usage);
  // Their types are those of the table that they were parsed by.
  const values = found as Values;
  const [first] = operands;
  if (command === 'help' && first !== undefined && commandNamed(first) === undefined) throw unknownCommand(first);
  if (values.help === true) return { command: 'help', operands: row === undefined ? [] : [command], values };
  refuseOtherChoices(values, names);
  const [least, most] = row?.takes ?? [0, command === 'help' ? 1 : 0];
  if (row !== undefined && operands.length < least)
    throw usageError(`${command} needs more: ${row.operands}\n${usage}`);
  if (operands.length > most) throw usageError(`${command} takes no ${JSON.stringify(operands[most])}.\n${usage}`);
  return { command, operands, values };
};
