import { counted } from '../base/text/counted.ts';
import { z } from 'zod';
import { runScripts, type ScriptPlaces } from '../guest/shell.ts';
import { strict } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Text } from '../template/spec.ts';
import { commonKeys, exitCodes } from './common.ts';
import { fillCommand, holdsWord, resolveCommand } from './in-guest/command.ts';
import { Command, GuestFolder, guestFolderOf } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';
import { factVariables } from './packer-facts.ts';
import { envOf, hasOneSource, scriptKeys, scriptsOf, sourcesOf, type Script } from './scripts.ts';

const about = 'scripts for PowerShell 7 (pwsh), run in the guest by ssh';

const Schema = strict({
  type: z.literal('powershell'),
  ...commonKeys,
  ...scriptKeys,
  inline: scriptKeys.inline.describe('lines of a script'),
  valid_exit_codes: exitCodes,
  use_pwsh: z
    .literal(true, 'is false, and there is no Windows PowerShell: pwsh runs it')
    .default(true)
    .describe("Packer's key: it is pwsh"),
  execute_command: Command.optional().describe(
    'how a script is started, with {{ path }} and {{ vars }}; default: pwsh with the file, and the exit code of its last program',
  ),
  remote_folder: GuestFolder.default('/tmp').describe('where scripts are put in the guest'),
})
  .refine(...hasOneSource)
  .describe(about);

// Without a file of its own pwsh would not end with the exit code of the last program.
const starts = `{{ vars }} pwsh -NoLogo -NoProfile -NonInteractive -Command '& "{{ path }}"; exit $LastExitCode'`;

const words = { path: { packer: 'Path', isThere: true }, vars: { packer: 'Vars', isThere: true } };

type Settings = {
  readonly scripts: readonly Script[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  readonly command: string;
  readonly remoteFolder: string;
};

/** Scripts for PowerShell, with the keys of Packer's provisioner. */
export const powershell = {
  type: 'powershell',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields, wrong } = place;
    const at = `${pointer}/execute_command`;
    const command = resolveCommand(asked.execute_command ?? starts, words, { ...place, pointer: at });
    if (command !== '' && !holdsWord(command, 'path')) wrong.add(at, 'must hold {{ path }}: where the script is');
    return {
      scripts: await scriptsOf(asked, pointer, fields),
      env: envOf(asked, pointer, fields),
      validExitCodes: asked.valid_exit_codes,
      command,
      remoteFolder: guestFolderOf(asked.remote_folder, 'remote_folder', place),
    };
  },
  plan: ({ scripts }) => `powershell: ${counted(scripts.length, 'script')}`,
  run: async ({ scripts, env, command, ...rest }, { build, runtime, isConstant, guest, ...tools }, signal) => {
    const own = Object.entries(env).map(([name, text]) => [name, render(text, runtime)] as const);
    const work = {
      ...rest,
      expectDisconnect: false,
      extension: 'ps1' as const,
      executeCommand: ({ path, vars }: ScriptPlaces) => fillCommand(command, { path, vars }),
      scripts: sourcesOf(scripts, runtime),
      env: {
        ...factVariables({ build, runtime, ...(isConstant === true ? { isConstant } : {}) }),
        ...Object.fromEntries(own),
      },
    };
    await runScripts(work, guest, tools, signal);
  },
} as const satisfies GuestKind<typeof Schema, Settings>;
