import { counted } from '../base/text/counted.ts';
import { z } from 'zod';
import { runScripts, type ScriptPlaces } from '../guest/shell.ts';
import { strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Text } from '../template/spec.ts';
import { commonKeys, exitCodes } from './common.ts';
import { fillCommand, holdsWord, resolveCommand } from './in-guest/command.ts';
import { guestFolderOf } from './in-guest/values.ts';
import type { GuestKind, ProvisionerPlace } from './kind.ts';
import { factVariables } from './packer-facts.ts';
import { envOf, hasOneSource, scriptKeys, scriptsOf, sourcesOf, type Script } from './scripts.ts';

const about = 'scripts that are run in the guest by ssh: inline lines, or files of the context';

const Schema = strict({
  type: z.literal('shell'),
  ...commonKeys,
  ...scriptKeys,
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
  .refine(...hasOneSource)
  .describe(about);

export type ShellSettings = {
  /** One script each, run in this order: the inline lines joined under `sh -e`, or files of the context. */
  readonly scripts: readonly Script[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  /** The guest may drop the connection to reboot; the build then waits until it is back. */
  readonly expectDisconnect: boolean;
  /** With `{{ path }}` and `{{ vars }}`: how a script is started. Undefined: `chmod +x` and run. */
  readonly executeCommand?: string;
  readonly remoteFolder: string;
};

const words = {
  path: { packer: 'Path', isThere: true },
  vars: { packer: 'Vars', isThere: true },
  env_file: { packer: 'EnvVarFile', isThere: true },
};

const executeCommandOf = (raw: string, place: ProvisionerPlace): string => {
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
      remoteFolder: guestFolderOf(asked.remote_folder, 'remote_folder', place),
    };
  },
  plan: ({ scripts }) => `shell: ${counted(scripts.length, 'script')}`,
  run: async ({ scripts, env, executeCommand, ...rest }, { build, runtime, isConstant, guest, ...tools }, signal) => {
    const work = {
      ...rest,
      ...(executeCommand === undefined ? {} : commandOf(executeCommand)),
      scripts: sourcesOf(scripts, runtime),
      env: {
        ...factVariables({ build, runtime, ...(isConstant === true ? { isConstant } : {}) }),
        ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, render(text, runtime)])),
      },
    };
    await runScripts(work, guest, tools, signal);
  },
} as const satisfies GuestKind<typeof Schema, ShellSettings>;
