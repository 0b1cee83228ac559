import { z } from 'zod';
import { atMost, bounds } from '../base/bounds.ts';
import type { FieldErrors } from '../base/field-errors.ts';
import { quoted } from '../base/nearest.ts';
import { ParseError } from '../base/parse-error.ts';
import { variableName } from '../base/shell.ts';
import { runScripts, type ScriptPlaces } from '../guest/shell.ts';
import { OneOrMore, strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import type { GuestKind } from './kind.ts';

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
  valid_exit_codes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .max(bounds.exitCodes)
    .default([0])
    .describe('exit codes that are no failure'),
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

const ownNames = {
  ...{ path: '{{ path }}', '.Path': '{{ path }}' },
  ...{ vars: '{{ vars }}', '.Vars': '{{ vars }}' },
  ...{ env_file: '{{ env_file }}', '.EnvVarFile': '{{ env_file }}' },
};
const nameless = Object.fromEntries(Object.keys(ownNames).map((name) => [name, '']));

const executeCommandOf = (raw: string, pointer: string, fields: Fields, wrong: FieldErrors): string => {
  const command = fields.early(pointer, raw, ownNames);
  if (command === undefined) return '';
  // The guest's room puts path and variables in by their names, so no value may bring such a name along.
  if (fields.early(pointer, raw, nameless)?.includes('{{') === true) wrong.add(pointer, 'holds "{{" in a value');
  if (!command.includes(ownNames.path)) wrong.add(pointer, 'must hold {{ path }}: where the script is in the guest');
  return command;
};

// The holes of execute_command; everything else in it was filled in when the template was resolved.
const fillCommand = (command: string, { path, vars, envFile }: ScriptPlaces): string => {
  const words: Readonly<Record<string, string>> = { path, vars, env_file: envFile };
  return command.replace(/\{\{\s*(path|vars|env_file)\s*\}\}/g, (hole, name: string) => words[name] ?? hole);
};

const commandOf = (command: string) => ({
  executeCommand: (places: ScriptPlaces) => fillCommand(command, places),
  ...(/\{\{\s*env_file\s*\}\}/.test(command) ? { usesEnvFile: true as const } : {}),
});

const remoteFolderOf = (raw: number | string): string => {
  const folder = String(raw);
  if (!/^\/[A-Za-z0-9._/-]*$/.test(folder))
    throw new ParseError(`${quoted(folder)} must be an absolute path of letters, digits and . _ - /`);
  return folder === '/' ? folder : folder.replace(/\/+$/, '');
};

/** Scripts in the guest, by the rules of Packer's shell provisioner. */
export const shell = {
  type: 'shell',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, { pointer, fields, wrong }) => {
    const { execute_command: command } = asked;
    return {
      scripts: await scriptsOf(asked, pointer, fields),
      env: envOf(asked, pointer, fields),
      validExitCodes: asked.valid_exit_codes,
      expectDisconnect: asked.expect_disconnect,
      ...(command === undefined
        ? {}
        : { executeCommand: executeCommandOf(command, `${pointer}/execute_command`, fields, wrong) }),
      remoteFolder: fields.made(`${pointer}/remote_folder`, asked.remote_folder, '/', remoteFolderOf),
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
        IMAGED_BUILD_ID: build.id,
        PACKER_BUILD_NAME: build.templateName,
        PACKER_BUILDER_TYPE: 'imaged',
        PACKER_HTTP_ADDR: runtime.http_addr,
        ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, render(text, runtime)])),
      },
    };
    await runScripts(work, guest, tools, signal);
  },
} as const satisfies GuestKind<typeof Schema, ShellSettings>;
