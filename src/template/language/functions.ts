import { withoutEnd } from '../../base/pattern/without-end.ts';
import { createHash } from 'node:crypto';
import { escapeRegExp } from '../../base/text/escape-regexp.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { version } from '../../base/package.ts';
import type { RuntimeName } from '../spec.ts';
import { longestMade } from './collections.ts';
import { goTime, strftime } from './time-layout.ts';

/** What is the same each time one build's template is resolved. */
export type Frozen = { readonly buildId: string; readonly timestampMs: number };

export type CallPlace = {
  readonly frozen: Frozen;
  /** Where the call stands, unlike that of any other call in the template. */
  readonly place: string;
  readonly templateName: string;
};

type Fn = {
  readonly takes: readonly [least: number, most: number];
  readonly gives: (args: readonly string[], at: CallPlace) => string;
};

const trimmedLast = ([text = '']: readonly string[]) => text.trim();

const replace = (args: readonly string[]): string => {
  const [old = '', by = ''] = args;
  const text = args.at(-1) ?? '';
  const most = args.length === 4 ? Number(args[2]) : -1;
  if (!Number.isInteger(most)) throw new ParseError('replace takes a whole number as its third argument of four');
  if (old === '') throw new ParseError('replace cannot look for an empty string');
  const parts = text.split(old);
  // Bounded before it is made: the text may be long, and the replacement as well.
  if (parts.length * by.length > longestMade)
    throw new ParseError(`replace would make more than ${longestMade} characters`);
  const kept = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  return [parts.slice(0, kept + 1).join(by), ...parts.slice(kept + 1)].join(old);
};

const split = ([text = '', separator = '', index = '']: readonly string[]): string => {
  if (separator === '') throw new ParseError('split cannot split at an empty string');
  const parts = text.split(separator, longestMade);
  const part = /^\d{1,7}$/.test(index) ? parts[Number(index)] : undefined;
  if (part === undefined)
    throw new ParseError(`split makes ${parts.length} parts, from 0: ${quoted(index)} is none of them`);
  return part;
};

const listAlone = (name: string) => (): string => {
  throw new ParseError(`${name} takes a variable of the type list or map, as {{ ${listCalls[name] ?? name} }}`);
};

/** How functions of lists and maps are called: see collections.ts. */
const listCalls: Readonly<Record<string, string>> = { join: 'join name ","', index: 'index name "key"' };

// A version 8 UUID (RFC 9562) over build and place: a template is resolved at POST and at each attempt, and must say
// the same every time.
const uuid = ({ frozen, place }: CallPlace): string => {
  const bytes = createHash('sha256').update(`${frozen.buildId}\n${place}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Keys of Packer's `build` that are values of the machine here. */
export const runtimeBuildFacts: Readonly<Record<string, RuntimeName>> = {
  Host: 'guest_ip',
  PackerHTTPIP: 'http_ip',
  PackerHTTPPort: 'http_port',
  PackerHTTPAddr: 'http_addr',
  SSHPublicKey: 'ssh_public_key',
};

const hiddenBuildFacts: Readonly<Record<string, string>> = {
  User: 'write the name that "communicator" has',
  Port: 'write the port that "communicator" has',
  Password: 'builds log in with a key that is made for each',
  WinRMPassword: 'there is no WinRM',
  SSHPrivateKey: 'the key does not leave the host',
};

const buildFact = (key: string, at: CallPlace): string => {
  if (key === 'ID') return at.frozen.buildId;
  if (key === 'Name') return at.templateName;
  if (key === 'ConnType') return 'ssh';
  if (key === 'PackerRunUUID') return uuid({ ...at, place: 'the run' });
  const why = Object.hasOwn(hiddenBuildFacts, key) ? hiddenBuildFacts[key] : undefined;
  if (why !== undefined) throw new ParseError(`build has no ${quoted(key)} here: ${why}`);
  const keys = ['ID', 'Name', 'ConnType', 'PackerRunUUID', ...Object.keys(runtimeBuildFacts)];
  throw new ParseError(`build has no ${quoted(key)}: ${didYouMean(key, keys)}`);
};

const table = {
  upper: { takes: [1, 1], gives: ([text = '']) => text.toUpperCase() },
  lower: { takes: [1, 1], gives: ([text = '']) => text.toLowerCase() },
  trim: { takes: [1, 1], gives: trimmedLast },
  // Through a buffer, for half a surrogate pair has no URL form.
  urlquery: { takes: [1, 1], gives: ([text = '']) => encodeURIComponent(Buffer.from(text).toString()) },
  regex_escape: { takes: [1, 1], gives: ([text = '']) => escapeRegExp(text) },
  replace: { takes: [3, 4], gives: replace },
  replace_all: { takes: [3, 3], gives: replace },
  split: { takes: [3, 3], gives: split },
  default: { takes: [2, 2], gives: ([otherwise = '', text = '']) => (text === '' ? otherwise : text) },
  base64: { takes: [1, 1], gives: ([text = '']) => Buffer.from(text).toString('base64') },
  json: { takes: [1, 1], gives: ([text = '']) => JSON.stringify(text) },
  join: { takes: [2, 2], gives: listAlone('join') },
  index: { takes: [2, 2], gives: listAlone('index') },
  // What the most builders of Packer make of it.
  clean_resource_name: { takes: [1, 1], gives: ([text = '']) => text.toLowerCase().replace(/[^a-z0-9-]/g, '-') },
  join_path: {
    takes: [2, 16],
    gives: (parts) =>
      parts.reduce((path, part) => (path === '' ? part : `${withoutEnd(path, '/')}/${part.replace(/^\/+/, '')}`)),
  },
  build_id: { takes: [0, 0], gives: (_, { frozen }) => frozen.buildId },
  build_type: { takes: [0, 0], gives: () => 'imaged' },
  packer_version: { takes: [0, 0], gives: () => version },
  build_name: { takes: [0, 0], gives: (_, { templateName }) => templateName },
  timestamp: { takes: [0, 0], gives: (_, { frozen }) => String(Math.floor(frozen.timestampMs / 1000)) },
  isotime: {
    takes: [0, 1],
    gives: ([layout = '2006-01-02T15:04:05Z07:00'], { frozen }) => goTime(frozen.timestampMs, layout),
  },
  strftime: { takes: [1, 1], gives: ([layout = ''], { frozen }) => strftime(frozen.timestampMs, layout) },
  uuid: { takes: [0, 0], gives: (_, at) => uuid(at) },
  build: { takes: [1, 1], gives: ([key = ''], at) => buildFact(key, at) },
} as const satisfies Record<string, Fn>;

export type FunctionName = keyof typeof table;

export const functionNames: readonly string[] = ['user', ...Object.keys(table)];

export const isFunction = (name: string): name is FunctionName => Object.hasOwn(table, name);

/** Whether a function can be applied to a runtime value, when the machine runs: those of one argument can. */
export const isRuntimeFunction = (name: FunctionName): boolean =>
  table[name].takes[0] === 1 && table[name].takes[1] === 1 && name !== 'strftime' && name !== 'build';

/** Packer's functions that a daemon cannot have, and what to write in their place. */
export const packerFunctions: Readonly<Record<string, string>> = {
  env: "the daemon's environment is not yours: declare a variable and send its value with the build",
  pwd: 'files are named relative to the context',
  template_dir: 'files are named relative to the context',
  sed: 'use replace_all',
  vault: 'send the secret as the value of a sensitive variable',
  consul_key: 'send the value as a variable',
  aws_secretsmanager: 'send the secret as the value of a sensitive variable',
  aws_secretsmanager_raw: 'send the secret as the value of a sensitive variable',
  if: 'there are no conditions: use variables, or two templates',
  range: 'there are no loops: write the lines, or make the template by a program',
  with: 'there are no blocks',
  end: 'there are no blocks',
  else: 'there are no conditions',
  ...Object.fromEntries(
    ['and', 'eq', 'ge', 'gt', 'le', 'lt', 'ne', 'not', 'or'].map((name) => [
      name,
      'there are no conditions: use variables',
    ]),
  ),
  ...Object.fromEntries(['block', 'define', 'template'].map((name) => [name, 'there are no blocks'])),
  ...Object.fromEntries(['print', 'printf', 'println'].map((name) => [name, 'write the texts side by side'])),
};

/** Calls a function. Throws a ParseError when it cannot take these arguments. */
export const callFunction = (name: FunctionName, args: readonly string[], at: CallPlace): string => {
  const { takes, gives }: Fn = table[name];
  const [least, most] = takes;
  if (args.length < least || args.length > most)
    throw new ParseError(
      `${name} takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}${args[0] === undefined ? '' : ` (${quoted(args[0])}, ...)`}`,
    );
  return gives(args, at);
};
