import { dayMs } from '../base/records/day.ts';
import { parseArgs } from 'node:util';
import { scopes, type Scope } from '../queue/records.ts';
import { errnoOf } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import { durationMsOf } from '../base/units.ts';

export const defaultConfiguration = '/etc/imaged.conf';

export const usage = `usage: imaged serve [-n] [-f file]
       imaged check [-f file] [--json | --fix-print]
       imaged token add [-f file] [-s scope]... [-e duration] name
       imaged token list [-f file]
       imaged token revoke [-f file] id
       imaged secrets rotate [-f file]
       imaged layers list [-f file]
       imaged layers prune [-f file] [--all | key]
       imaged layers verify [-f file]
       imaged version

scopes: ${scopes.join(', ')} (default: builds:write, which includes builds:read)
default file: ${defaultConfiguration}
`;

/** What the command line asks for. */
export type CliCommand =
  | { readonly name: 'serve'; readonly file: string; readonly checkOnly: boolean }
  | { readonly name: 'check'; readonly file: string; readonly format: 'lines' | 'json' | 'files' }
  | {
      readonly name: 'token add';
      readonly file: string;
      readonly token: string;
      readonly scopes: readonly Scope[];
      /** How long it is valid, in milliseconds. */
      readonly expiresInMs?: number;
    }
  | { readonly name: 'token list'; readonly file: string }
  | { readonly name: 'token revoke'; readonly file: string; readonly id: string }
  | { readonly name: 'secrets rotate'; readonly file: string }
  | { readonly name: 'layers list' | 'layers verify'; readonly file: string }
  | { readonly name: 'layers prune'; readonly file: string; readonly which: 'due' | 'all' | { readonly key: string } }
  | { readonly name: 'version' | 'help' };

const wrong = (message: string): Fault => new Fault('bad_request', `${message}; see imaged --help`);

const commands = ['serve', 'check', 'token', 'secrets', 'layers', 'version', 'help'];

/** What may follow a command, and what each of these needs besides. */
const actions: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  token: { add: 'a name', list: undefined, revoke: 'an id' },
  secrets: { rotate: undefined },
  layers: { list: undefined, prune: undefined, verify: undefined },
};

/** Why no command is this. */
const whyUnknown = ([command = '', action, ...operands]: readonly string[]): string => {
  if (!commands.includes(command)) return `there is no command ${quoted(command)}: ${didYouMean(command, commands)}`;
  const possible = actions[command];
  if (possible === undefined) return `imaged ${command} takes no ${quoted(action ?? '')}`;
  const names = Object.keys(possible);
  if (action === undefined) return `imaged ${command} needs one of ${names.join(', ')}`;
  if (!names.includes(action)) return `imaged ${command} has no ${quoted(action)}: ${didYouMean(action, names)}`;
  const needed = possible[action];
  if (needed !== undefined && operands.length === 0) return `imaged ${command} ${action} needs ${needed}`;
  return `imaged ${command} ${action} takes no ${quoted(operands.at(-1) ?? '')}`;
};

/** What parseArgs found, in words of ours. */
const whyRefused = (error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error);
  const [, option = ''] = /'(-[^'<]*?)(?: <value>)?'/.exec(said) ?? [];
  switch (errnoOf(error)) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `there is no option ${option}`;
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return said.includes('does not take') ? `the option ${option} takes no value` : `the option ${option} needs a value`; // prettier-ignore
    default:
      return said.split('\n', 1)[0] ?? '';
  }
};

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text);

/** How long a token is valid, in milliseconds: a duration as everywhere, or days, as certificates have it. */
const validity = (text: string): number => {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? durationMsOf(text) : Number(days) * dayMs;
  if (ms === undefined || ms <= 0)
    throw wrong(`"${text}" is not how long a token is valid: write days or a duration, such as 90d, 12h or 30m`);
  return ms;
};

/** `layers prune`, with what stands after it. */
const pruning = (file: string, all: boolean, key: string | undefined): CliCommand => {
  if (all && key !== undefined) throw wrong('imaged layers prune takes --all or a key, not both');
  return { name: 'layers prune', file, which: all ? 'all' : key === undefined ? 'due' : { key } };
};

/** Reads the arguments after the program's name. Throws `bad_request` in one line. */
export const readArguments = (argv: readonly string[]): CliCommand => {
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        args: [...argv],
        allowPositionals: true,
        options: {
          file: { type: 'string', short: 'f', default: defaultConfiguration },
          check: { type: 'boolean', short: 'n', default: false },
          scope: { type: 'string', short: 's', multiple: true, default: ['builds:write'] },
          expires: { type: 'string', short: 'e' },
          json: { type: 'boolean', default: false },
          all: { type: 'boolean', default: false },
          'fix-print': { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
          version: { type: 'boolean', default: false },
        },
      });
    } catch (error) {
      throw wrong(whyRefused(error));
    }
  })();
  const { file, check, scope, expires, json, all, 'fix-print': fixPrint } = values;
  const [command = 'help', ...rest] = positionals;
  if (values.help || (command === 'help' && !values.version)) return { name: 'help' };
  if (values.version || (command === 'version' && rest.length === 0)) return { name: 'version' };
  if (command === 'serve' && rest.length === 0) return { name: 'serve', file, checkOnly: check };
  if (command === 'check' && rest.length === 0) {
    if (json && fixPrint) throw wrong('imaged check takes --json or --fix-print, not both');
    return { name: 'check', file, format: json ? 'json' : fixPrint ? 'files' : 'lines' };
  }
  const [action, operand, ...tooMany] = rest;
  if (command === 'secrets' && action === 'rotate' && operand === undefined) return { name: 'secrets rotate', file };
  if (command === 'layers' && tooMany.length === 0) {
    if (action === 'prune') return pruning(file, all, operand);
    if ((action === 'list' || action === 'verify') && operand === undefined) return { name: `layers ${action}`, file };
  }
  if (command === 'token' && tooMany.length === 0) {
    if (action === 'list' && operand === undefined) return { name: 'token list', file };
    if (action === 'revoke' && operand !== undefined) return { name: 'token revoke', file, id: operand };
    if (action === 'add' && operand !== undefined) {
      const unknown = scope.find((text) => !isScope(text));
      if (unknown !== undefined) throw wrong(`there is no scope ${quoted(unknown)}: ${didYouMean(unknown, scopes)}`);
      const expiresInMs = expires === undefined ? undefined : validity(expires);
      return {
        name: 'token add',
        file,
        token: operand,
        scopes: scope.filter(isScope),
        ...(expiresInMs === undefined ? {} : { expiresInMs }),
      };
    }
  }
  throw wrong(whyUnknown(positionals));
};
