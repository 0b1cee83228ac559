import type { OptionName } from './options.ts';
import type { RunCommand } from './types.ts';

export type CommandRow = {
  /** What follows the name, as the usage has it; what is in brackets may be left out. */
  readonly operands: string;
  /** How many of them it needs, and how many it takes. */
  readonly takes: readonly [least: number, most: number];
  readonly summary: string;
  readonly options: readonly OptionName[];
  /** Words that the first operand may be, for completion. */
  readonly words?: readonly string[];
  /** Loaded only when it is asked for: a program that starts fast loads what it needs. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
};

const inputs = ['variable', 'var-file'] as const;

/** Every command. Usage, completion and the check of the manual are made from it. */
export const commands = {
  build: {
    operands: '[dir | template]',
    takes: [0, 1],
    summary: 'build a folder, or a stored template, and watch it',
    options: [...inputs, 'cache', 'label', 'priority', 'timeout', 'on-error', 'machine', 'debug', 'force', 'watch', 'detach', 'json'], // prettier-ignore
    load: () => import('../commands/build.ts'),
  },
  validate: {
    operands: '[dir | template]',
    takes: [0, 1],
    summary: 'say what a build would do, or what is wrong with its template',
    options: [...inputs, 'cache', 'machine', 'json'],
    load: () => import('../commands/validate.ts'),
  },
  list: {
    operands: '',
    takes: [0, 0],
    summary: 'list builds, the newest first',
    options: ['status', 'template', 'label', 'limit', 'json'],
    load: () => import('../commands/list.ts'),
  },
  show: {
    operands: '[build]',
    takes: [0, 1],
    summary: 'show a build',
    options: ['json'],
    load: () => import('../commands/show.ts'),
  },
  watch: {
    operands: '[build]',
    takes: [0, 1],
    summary: 'watch a build until it ends',
    options: ['json'],
    load: () => import('../commands/watch.ts'),
  },
  log: {
    operands: '[build]',
    takes: [0, 1],
    summary: 'print the log of a build',
    options: ['follow'],
    load: () => import('../commands/log.ts'),
  },
  console: {
    operands: '[build]',
    takes: [0, 1],
    summary: 'print what the console of a build showed, or type on it',
    options: ['follow', 'attach', 'raw'],
    load: () => import('../commands/console.ts'),
  },
  cancel: {
    operands: 'build',
    takes: [1, 1],
    summary: 'cancel a build',
    options: ['reason', 'json'],
    load: () => import('../commands/cancel.ts'),
  },
  retry: {
    operands: 'build [dir]',
    takes: [1, 2],
    summary: 'build an ended build again, as it was or with new files',
    options: ['detach', 'json'],
    load: () => import('../commands/retry.ts'),
  },
  rebuild: {
    operands: 'build',
    takes: [1, 1],
    summary: 'build the same again',
    options: ['strict', 'detach', 'json'],
    load: () => import('../commands/rebuild.ts'),
  },
  resume: {
    operands: 'build [dir]',
    takes: [1, 2],
    summary: 'let a held build, or one at a breakpoint, go on',
    options: ['detach', 'json'],
    load: () => import('../commands/resume.ts'),
  },
  hold: {
    operands: 'build',
    takes: [1, 1],
    summary: 'show how long a held build keeps its machine, or change that',
    options: ['for', 'release', 'json'],
    load: () => import('../commands/hold.ts'),
  },
  artifacts: {
    operands: '[build]',
    takes: [0, 1],
    summary: 'list the artifacts of a build',
    options: ['json'],
    load: () => import('../commands/artifacts.ts'),
  },
  download: {
    operands: '[build [artifact ...]]',
    takes: [0, Infinity],
    summary: 'download artifacts, and check their digests',
    options: ['output', 'resume', 'replace', 'key'],
    load: () => import('../commands/download.ts'),
  },
  templates: {
    operands: '[show name | store name dir | delete name]',
    takes: [0, 3],
    summary: 'list, show, store or delete stored templates',
    options: ['json'],
    words: ['show', 'store', 'delete'],
    load: () => import('../commands/templates.ts'),
  },
  layers: {
    operands: '[show key | delete [key]]',
    takes: [0, 2],
    summary: 'list, show or delete kept layers',
    options: ['json'],
    words: ['show', 'delete'],
    load: () => import('../commands/layers.ts'),
  },
  host: {
    operands: '',
    takes: [0, 0],
    summary: 'show the host, and whether it is ready',
    options: ['json'],
    load: () => import('../commands/host.ts'),
  },
  secrets: {
    operands: '[set name | delete name]',
    takes: [0, 2],
    summary: 'list, store or delete secrets of the host',
    options: ['for-template', 'json'],
    words: ['set', 'delete'],
    load: () => import('../commands/secrets.ts'),
  },
  login: {
    operands: 'url',
    takes: [1, 1],
    summary: 'keep the address and the token of a host in the configuration',
    options: [],
    load: () => import('../commands/login.ts'),
  },
  completion: {
    operands: 'sh | ksh | bash | zsh | fish',
    takes: [1, 1],
    summary: 'print what lets a shell complete command lines',
    options: [],
    words: ['sh', 'ksh', 'bash', 'zsh', 'fish'],
    load: () => import('../commands/completion.ts'),
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof commands;

/** A command's row, by a name that somebody typed. */
export const commandNamed = (name: string): CommandRow | undefined =>
  Object.entries<CommandRow>(commands).find(([known]) => known === name)?.[1];
