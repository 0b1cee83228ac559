import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { inSingleQuotes } from '../base/text/shell.ts';
import { strict, Words } from '../template/document/words.ts';
import type { Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { resolveCommand } from './in-guest/command.ts';
import { executeCommand, preventSudo } from './in-guest/keys.ts';
import { runTool, type ToolWork } from './in-guest/tool.ts';
import { Command, guestFolderOf, Listed, NamedTexts, namedTextsOf, textOr } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';

const about = 'converge apply in the guest, with modules of the context';

const ModuleDir = strict({
  source: Listed.describe('the folder'),
  destination: Words.min(1).max(1000).describe('where it comes in the guest'),
  exclude: z
    .array(Words.max(1000))
    .max(0, 'is not there: leave those files out of the context')
    .optional()
    .describe("Packer's key, which must be empty"),
});

const Schema = strict({
  type: z.literal('converge'),
  ...commonKeys,
  module: Words.min(1).max(1000).describe('the module that is applied: a file of the guest, or a URL'),
  module_dirs: z.array(ModuleDir).max(bounds.scripts).default([]).describe('folders of modules that are uploaded'),
  params: NamedTexts.describe('parameters of the module'),
  bootstrap: z
    .boolean()
    .default(false)
    .describe('install converge before, from the internet: the guest has to reach it'),
  version: Words.regex(/^[A-Za-z0-9.-]*$/, 'is not a version: letters, digits, . and -')
    .max(100)
    .optional()
    .describe('the version that is installed; default: the newest'),
  bootstrap_command: Command.optional().describe('how it is installed'),
  execute_command: executeCommand,
  prevent_sudo: preventSudo,
  working_directory: Words.max(1000).default('/tmp').describe('where converge is run'),
}).describe(about);

// A word within single quotes and, in them, within the double quotes of JSON.
const inJson = (text: string): string => inSingleQuotes(JSON.stringify(text).slice(1, -1));

/** Parameters as JSON that stands within single quotes; what the machine tells needs no escapes. */
const paramsJson = (params: Readonly<Record<string, Text>>): Text => [
  '{',
  ...Object.entries(params).flatMap(([name, text], at): Text => [
    `${at === 0 ? '' : ','}"${name}":"`,
    ...text.map((piece) => (typeof piece === 'string' ? inJson(piece) : piece)),
    '"',
  ]),
  '}',
];

const executes =
  "cd {{ working_directory }} && {{ sudo }}converge apply --local --log-level=WARNING --paramsJSON '{{ params_json }}' {{ module }}";
const installs = 'curl -s https://get.converge.sh | {{ sudo }}sh {{if ne .Version ""}}-s -- -v {{ version }}{{end}}';

/** converge apply, by the rules of Packer's provisioner. */
export const converge = {
  type: 'converge',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    const folder = guestFolderOf(asked.working_directory, 'working_directory', place);
    const uploads: ToolWork['uploads'][number][] = [];
    for (const [at, { source, destination }] of asked.module_dirs.entries()) {
      const here = `${pointer}/module_dirs/${at}`;
      const listed = await fields.file(`${here}/source`, source, 'folder');
      uploads.push({ listed, to: guestFolderOf(destination, `module_dirs/${at}/destination`, place) });
    }
    const words = {
      sudo: { packer: 'Sudo', isThere: !asked.prevent_sudo },
      version: { packer: 'Version', isThere: asked.version !== undefined },
      working_directory: { packer: 'WorkingDirectory', isThere: true },
      params_json: { packer: 'ParamsJSON', isThere: true },
      module: { packer: 'Module', isThere: true },
    };
    const command = (key: 'execute_command' | 'bootstrap_command', fallback: string) =>
      resolveCommand(asked[key] ?? fallback, words, { ...place, pointer: `${pointer}/${key}` });
    const installing = { name: 'the installer of converge', command: command('bootstrap_command', installs) };
    const applying = { name: 'converge', command: command('execute_command', executes) };
    return {
      staging: folder,
      cleansUp: false,
      sudo: asked.prevent_sudo ? '' : 'sudo ',
      uploads,
      words: {
        working_directory: [folder],
        version: textOr(asked.version, 'version', place),
        params_json: paramsJson(namedTextsOf(asked.params, 'params', place)),
        module: textOr(asked.module, 'module', place),
      },
      commands: [...(asked.bootstrap ? [installing] : []), applying].map((one) => ({ ...one, validExitCodes: [0] })),
    };
  },
  plan: () => 'converge in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
