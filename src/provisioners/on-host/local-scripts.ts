import { counted } from '../../base/text/counted.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { scriptBytes } from '../../guest/shell-script.ts';
import { Words } from '../../template/document/words.ts';
import { render } from '../../template/language/render.ts';
import type { Fields } from '../../template/resolve/fields.ts';
import type { RuntimeFacts, Text } from '../../template/spec.ts';
import { exitCodes } from '../common.ts';
import type { ConsoleTools, HostWork } from '../kind.ts';
import { envOf, scriptKeys, scriptsOf, sourcesOf, type Script } from '../scripts.ts';
import { runOnHost } from './finish.ts';

const systems = ['darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'solaris', 'windows'] as const;

/** The keys of scripts on the host, with those of Packer's shell-local. */
export const localKeys = {
  ...scriptKeys,
  command: Words.min(1).optional().describe('one line of a script, in place of `inline`'),
  valid_exit_codes: exitCodes,
  only_on: z
    .array(z.enum(systems))
    .max(systems.length)
    .optional()
    .describe('hosts on which it runs, by their system; elsewhere it has nothing to do; default: any'),
  execute_command: z
    .tuple(
      [z.literal('/bin/sh'), z.literal('-c'), z.literal('{{.Vars}} {{.Script}}')],
      'must be left out: a script is run as it is',
    )
    .optional()
    .describe("Packer's key, which takes Packer's default alone"),
};

type Asked = z.output<z.ZodObject<typeof localKeys>>;

/** A refinement for zod. */
export const hasOneLocalSource: [(asked: Partial<Asked>) => boolean, string] = [
  ({ inline, script, scripts, command }) =>
    [inline, script, scripts, command].filter((part) => part !== undefined).length === 1,
  'needs exactly one of "inline", "script", "scripts" and "command"',
];

/** Scripts of a template that run on the host. */
export type LocalScripts = {
  readonly scripts: readonly Script[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  readonly isForOthers: boolean;
};

/** Fills variables in and finds files. */
export const localScriptsOf = async (asked: Asked, pointer: string, fields: Fields): Promise<LocalScripts> => {
  const { command, only_on: only } = asked;
  return {
    scripts:
      command === undefined
        ? await scriptsOf(asked, pointer, fields)
        : [{ inline: [...fields.text(`${pointer}/command`, command), '\n'] }],
    env: envOf(asked, pointer, fields),
    validExitCodes: asked.valid_exit_codes,
    isForOthers: only !== undefined && !only.some((system) => system === process.platform),
  };
};

/** For people who read the plan. */
export const planOfLocal = ({ scripts, isForOthers }: LocalScripts): string =>
  isForOthers ? 'nothing on a host of this system' : `${counted(scripts.length, 'script')} on the host`;

/** A script, ready to run on the host. */
export type LocalScript = (
  host: HostWork,
  tools: Pick<ConsoleTools, 'onLines' | 'activity'>,
  signal: AbortSignal,
) => Promise<void>;

/** The scripts with their environment, in which `facts` stand before what the template says. */
export const localWorks = (
  { scripts, env, validExitCodes }: LocalScripts,
  facts: Readonly<Record<string, string>>,
  runtime: RuntimeFacts,
): readonly LocalScript[] => {
  const own = Object.entries(env).map(([name, text]) => [name, render(text, runtime)] as const);
  const variables = { ...facts, ...Object.fromEntries(own) };
  return sourcesOf(scripts, runtime).map((source, at) => async (host, tools, signal) => {
    const file = join(host.folder, 'script');
    await writeFile(file, await scriptBytes(source), { mode: 0o700 });
    const name = 'file' in source ? source.name : `inline script ${at + 1}`;
    await runOnHost({ name, file, args: [], env: variables, validExitCodes }, host, tools, signal);
  });
};
