import { commands, type CommandRow } from './commands.ts';
import { everywhere, optionRow, written, type OptionName } from './options.ts';

/** The synopsis of a command: `usage: imagectl log [-f] [build]`. */
const synopsisOf = (command: string, { operands, options }: CommandRow): string =>
  ['imagectl', command, ...options.map((name) => `[${written(name)}]${optionRow(name).multiple === true ? '...' : ''}`), operands] // prettier-ignore
    .filter((word) => word !== '')
    .join(' ');

/** The same as a line of usage. */
export const usageOf = (command: string, row: CommandRow): string => `usage: ${synopsisOf(command, row)}`;

const names = (name: OptionName): string => {
  const { short, value } = optionRow(name);
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
};

const optionLines = (of: readonly OptionName[]): readonly string[] => {
  const width = Math.max(...of.map((name) => names(name).length));
  return of.map((name) => {
    const { about, choices } = optionRow(name);
    return `  ${names(name).padEnd(width)}  ${about}${choices === undefined ? '' : `: ${choices.join(', ')}`}`;
  });
};

/** What `imagectl help COMMAND` prints. */
export const helpOf = (command: string, row: CommandRow): string =>
  [usageOf(command, row), '', `imagectl ${command}: ${row.summary}.`, '', ...optionLines([...row.options, ...everywhere]), ''].join('\n'); // prettier-ignore

/** What `imagectl help` prints. */
export const help = (): string => {
  const rows = Object.entries<CommandRow>(commands);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    'usage: imagectl [--host name] command [option ...] [operand ...]',
    '',
    ...rows.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'imagectl help COMMAND says more, and imagectl --version what this is. IMAGED_URL and IMAGED_TOKEN name a daemon, and so does the configuration: imagectl login.',
    'Exit codes: 0 well, 1 failed, 2 usage, 3 cancelled, 4 unreachable, 5 refused, 130 left running by Ctrl-C.',
    '',
  ].join('\n');
};
