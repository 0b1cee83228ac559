import { parseArgs, type ParseArgsConfig } from 'node:util';
import { didYouMean } from '../../base/text/nearest.ts';
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

const parsed = (args: readonly string[], names: readonly OptionName[], usage: string) => {
  try {
    return parseArgs({ args: [...args], options: configOf(names), allowPositionals: true });
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    // Node goes on with advice about operands that begin with a dash.
    throw usageError(`${first.replace(/\. To specify a positional.*/, '.')}\n${usage}`);
  }
};

const refuseOtherChoices = (values: Values, names: readonly OptionName[]): void => {
  for (const name of names) {
    const { choices } = optionRow(name);
    const value = values[name];
    if (choices !== undefined && typeof value === 'string' && !choices.includes(value))
      throw usageError(`--${name} is ${JSON.stringify(value)}: it may be ${choices.join(', ')}.`);
  }
};

/** Reads the arguments after the program's name. Throws `usage`. */
export const readArguments = (argv: readonly string[]): CommandLine => {
  // The command is the first word that is neither an option nor the value of --host.
  const at = argv.findIndex((word, index) => !word.startsWith('-') && argv[index - 1] !== '--host');
  const [front, command] = at === -1 ? [argv, 'help'] : [argv.slice(0, at), argv[at] ?? 'help'];
  const row = commandNamed(command);
  if (row === undefined && !['help', 'version'].includes(command))
    throw usageError(
      `imagectl does not know ${JSON.stringify(command)}: ${didYouMean(command, Object.keys(commands))}\nSee: imagectl help`,
    );
  const names = [...everywhere, ...(row?.options ?? [])];
  const usage = row === undefined ? 'See: imagectl help' : usageOf(command, row);
  const rest = at === -1 ? [] : argv.slice(at + 1);
  const { values: found, positionals: operands } = parsed([...front, ...rest], names, usage);
  // Their types are those of the table that they were parsed by.
  const values = found as Values;
  if (values.help === true) return { command: 'help', operands: row === undefined ? [] : [command], values };
  refuseOtherChoices(values, names);
  if (row !== undefined) {
    const [least, most] = row.takes;
    if (operands.length < least) throw usageError(`${command} needs more: ${row.operands}\n${usage}`);
    if (operands.length > most) throw usageError(`${command} takes no ${JSON.stringify(operands[most])}.\n${usage}`);
  }
  return { command, operands, values };
};
