import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { scriptBytes } from '../guest/shell-script.ts';
import { strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Text } from '../template/spec.ts';
import { commonKeys, exitCodes } from './common.ts';
import type { ConsoleKind } from './kind.ts';
import { judgeAllowed } from './on-host/allowed.ts';
import { runOnHost } from './on-host/finish.ts';
import { factVariables } from './packer-facts.ts';
import { envOf, scriptKeys, scriptsOf, sourcesOf, type Script } from './scripts.ts';

const about = 'scripts on the host of the daemon, where its configuration allows that';

const systems = ['darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'solaris', 'windows'] as const;

const Schema = strict({
  type: z.literal('shell-local'),
  ...commonKeys,
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
})
  .refine(
    ({ inline, script, scripts, command }) =>
      [inline, script, scripts, command].filter((part) => part !== undefined).length === 1,
    'needs exactly one of "inline", "script", "scripts" and "command"',
  )
  .describe(about);

type Settings = {
  readonly scripts: readonly Script[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  readonly isForOthers: boolean;
};

/** Scripts on the host, with the keys of Packer's provisioner. */
export const shellLocal = {
  type: 'shell-local',
  about,
  needs: 'console',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    judgeAllowed('shell-local', place);
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
  },
  plan: ({ scripts, isForOthers }) =>
    isForOthers ? 'nothing on a host of this system' : `${scripts.length} script(s) on the host`,
  run: async ({ scripts, env, validExitCodes, isForOthers }, tools, signal) => {
    if (isForOthers) return;
    const { runtime, onHost } = tools;
    const own = Object.entries(env).map(([name, text]) => [name, render(text, runtime)] as const);
    const variables = { ...factVariables(tools), ...Object.fromEntries(own) };
    for (const [at, source] of sourcesOf(scripts, runtime).entries())
      await onHost('slot', async (host) => {
        const file = join(host.folder, 'script');
        await writeFile(file, await scriptBytes(source), { mode: 0o700 });
        const name = 'file' in source ? source.name : `inline script ${at + 1}`;
        await runOnHost({ name, file, args: [], env: variables, validExitCodes }, host, tools, signal);
      });
  },
} as const satisfies ConsoleKind<typeof Schema, Settings>;
