import { z } from 'zod';
import { atMost, bounds } from '../base/bounds.ts';
import { variableName } from '../base/shell.ts';
import { runScripts, type ScriptPlaces } from '../guest/shell.ts';
import { OneOrMore, strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys, exitCodes } from './common.ts';
import { fillCommand, holdsWord, resolveCommand } from './in-guest/command.ts';
import { guestFolderOf } from './in-guest/values.ts';
import type { GuestKind, Place } from './kind.ts';
import { factVariables } from './packer-facts.ts';

const about = 'scripts that are run in the guest by ssh: inline lines, or files of the context';

const Schema = strict({
  type: z.literal('shell'),
  ...commonKeys,
  inline: OneOrMore.optional().describe('lines of a script, run by /bin/sh -e'),
  script: Words.min(1).optional().describe('a script of the context'),
  scripts: z.array(Words.min(1)).min(1).max(bounds.scripts).optional().describe('several scripts, run in this order'),
  env: z
    .record(z.string().regex(new RegExp(`^${variableName}$`), 'is not a name of an environment variable'), Words)
    .refine(...atMost(bounds.environment, 'variables'))
    .default({})
    .describe('environment variables'),
  environment_vars: z
    .array(Words.regex(new RegExp(`^${variableName}=`), 'must be NAME=value'))
    .max(bounds.environment)
    .default([])
    .describe("Packer's form of `env`: `NAME=value`"),
  valid_exit_codes: exitCodes,
  expect_disconnect: z
    .boolean()
    .default(false)
    .describe('the script may reboot the guest; the build waits until it is back'),
  execute_command: Words.max(4096)
    .optional()
    .describe(
      'how a script is started, with {{ path }}, {{ vars }} and {{ env_file }}; default: {{ vars }} {{ path }}',
    ),
  remote_folder: Words.max(1000).default('/tmp').describe('where scripts are put in the guest'),
})
  .refine(
    ({ inline, script, scripts }) => [inline, script, scripts].filter((part) => part !== undefined).length === 1,
    'needs exactly one of "inline", "script" and "scripts"',
  )
  .describe(about);

type Asked = z.output<typeof Schema>;

export type ShellSettings = {
  /** One script each, run in this order: the inline lines joined under `sh -e`, or files of the context. */
  readonly scripts: readonly ({ readonly inline: Text } | { readonly file: FileRef })[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  /** The guest may drop the connection to reboot; the build then waits until it is back. */
  readonly expectDisconnect: boolean;
  /** With `{{ path }}` and `{{ vars }}`: how a script is started. Undefined: `chmod +x` and run. */
  readonly executeCommand?: string;
  readonly remoteFolder: string;
};

const scriptsOf = async (asked: Asked, pointer: string, fields: Fields): Promise<ShellSettings['scripts']> => {
  const { inline, script, scripts = [] } = asked;
  if (inline !== undefined) {
    const lines = typeof inline === 'string' ? [inline] : inline;
    const texts: Text[] = [];
    for (const [index, line] of lines.entries()) {
      await fields.pause();
      texts.push(fields.text(typeof inline === 'string' ? `${pointer}/inline` : `${pointer}/inline/${index}`, line));
    }
    return [{ inline: texts.flatMap((text): Text => [...text, '\n']) }];
  }
  if (script !== undefined) return [{ file: await fields.file(`${pointer}/script`, script) }];
  const files: ShellSettings['scripts'][number][] = [];
  for (const [index, one] of scripts.entries())
    files.push({ file: await fields.file(`${pointer}/scripts/${index}`, one) });
  return files;
};

const envOf = (asked: Asked, pointer: string, fields: Fields): Record<string, Text> => {
  const own = Object.entries(asked.env).map(
    ([name, raw]) => [name, fields.text(`${pointer}/env/${name}`, raw)] as const,
  );
  const theirs = asked.environment_vars.map((line, index) => {
    const [name = ''] = line.split('=', 1);
    return [name, fields.text(`${pointer}/environment_vars/${index}`, line.slice(name.length + 1))] as const;
  });
  return Object.fromEntries([...own, ...theirs]);
};

const words = {
  path: { packer: 'Path', isThere: true },
  vars: { packer: 'Vars', isThere: true },
  env_file: { packer: 'EnvVarFile', isThere: true },
};

const executeCommandOf = (raw: string, place: Place): string => {
  const command = resolveCommand(raw, words, place);
  if (command !== '' && !holdsWord(command, 'path'))
    place.wrong.add(place.pointer, 'must hold {{ path }}: where the script is in the guest');
  return command;
};

const commandOf = (command: string) => ({
  executeCommand: ({ envFile, ...places }: ScriptPlaces) => fillCommand(command, { ...places, env_file: envFile }),
  ...(holdsWord(command, 'env_file') ? { usesEnvFile: true as const } : {}),
});

/** Scripts in the guest, by the rules of Packer's shell provisioner. */
export const shell = {
  type: 'shell',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    const { execute_command: command } = asked;
    return {
      scripts: await scriptsOf(asked, pointer, fields),
      env: envOf(asked, pointer, fields),
      validExitCodes: asked.valid_exit_codes,
      expectDisconnect: asked.expect_disconnect,
      ...(command === undefined
        ? {}
        : { executeCommand: executeCommandOf(command, { ...place, pointer: `${pointer}/execute_command` }) }),
      remoteFolder: fields.made(`${pointer}/remote_folder`, asked.remote_folder, '/', guestFolderOf),
    };
  },
  plan: ({ scripts }) => `shell: ${scripts.length} script(s)`,
  run: async ({ scripts, env, executeCommand, ...rest }, { build, runtime, guest, ...tools }, signal) => {
    const work = {
      ...rest,
      ...(executeCommand === undefined ? {} : commandOf(executeCommand)),
      scripts: scripts.map((script) =>
        'inline' in script
          ? { text: render(script.inline, runtime) }
          : { file: script.file.path, name: script.file.shown },
      ),
      env: {
        ...factVariables({ build, runtime }),
        ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, render(text, runtime)])),
      },
    };
    await runScripts(work, guest, tools, signal);
  },
} as const satisfies GuestKind<typeof Schema, ShellSettings>;
