import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { quoted } from '../../base/text/nearest.ts';
import { Words } from '../../template/document/words.ts';
import type { FileRef } from '../../template/spec.ts';
import type { ProvisionerPlace } from '../kind.ts';
import { resolveCommand, withoutConditions, type CommandWords } from './command.ts';
import { executeCommand, guestOs, preventSudo } from './keys.ts';
import type { ToolCommand, ToolUpload } from './tool.ts';
import { Command, Listed } from './values.ts';

const simpleWord = /^[A-Za-z0-9_.:/@+-]*$/;

/** The keys that both kinds of chef have. */
export const chefKeys = {
  run_list: z.array(Words.max(1000)).max(bounds.environment).default([]).describe('recipes and roles, in order'),
  json: z.record(z.string(), z.unknown()).default({}).describe('attributes of the node'),
  chef_environment: Words.max(255).optional().describe('the environment of the node'),
  chef_license: Words.max(255)
    .optional()
    .describe(
      'what is answered about the licence; default: accept-silent where chef is installed by `install_command`',
    ),
  config_template: Listed.optional().describe("the configuration in place of imaged's, with Packer's words in it"),
  encrypted_data_bag_secret_path: Listed.optional().describe('the secret for encrypted data bags, a file'),
  execute_command: executeCommand,
  install_command: Command.optional().describe(
    'how chef is installed; default: by https://omnitruck.chef.io/install.sh, which the guest has to reach',
  ),
  skip_install: z.boolean().default(false).describe('chef is there'),
  prevent_sudo: preventSudo,
  guest_os_type: guestOs,
};

const installCommand =
  'curl -L https://omnitruck.chef.io/install.sh | {{ sudo }}bash -s --{{if .Version}} -v {{ version }}{{end}}';

/** The command that installs chef, if one does. */
export const installing = (
  asked: { readonly skip_install: boolean; readonly install_command?: string | undefined },
  words: CommandWords,
  place: ProvisionerPlace,
): readonly ToolCommand[] => {
  const at = { ...place, pointer: `${place.pointer}/install_command` };
  const command = resolveCommand(asked.install_command ?? installCommand, words, at);
  return asked.skip_install ? [] : [{ name: 'the installer of chef', command, validExitCodes: [0] }];
};

/** What is answered about chef's licence: Packer accepts it where it installs chef by its own command. */
export const licenceOf = (asked: {
  readonly skip_install: boolean;
  readonly install_command?: string | undefined;
  readonly chef_license?: string | undefined;
}): string => asked.chef_license ?? (asked.skip_install || asked.install_command !== undefined ? '' : 'accept-silent');

/** A text that stands within double quotes of a Ruby file. */
export const inRuby = (raw: string | undefined, key: string, { pointer, fields, wrong }: ProvisionerPlace): string => {
  const text = raw === undefined ? '' : (fields.early(`${pointer}/${key}`, raw) ?? '');
  if (!simpleWord.test(text))
    wrong.add(`${pointer}/${key}`, `${quoted(text)} must be of letters, digits and . : / @ + - _`);
  return text;
};

const filledIn = (value: unknown, pointer: string, place: ProvisionerPlace): unknown => {
  if (typeof value === 'string') return place.fields.early(pointer, value) ?? '';
  if (Array.isArray(value)) return value.map((one: unknown, at) => filledIn(one, `${pointer}/${at}`, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, filledIn(one, `${pointer}/${key}`, place)]),
  );
};

/** The attributes of the node, with its run list, as a file. */
export const nodeJson = (
  { json, run_list }: { readonly json: Readonly<Record<string, unknown>>; readonly run_list: readonly string[] },
  to: string,
  place: ProvisionerPlace,
): ToolUpload => {
  const list = filledIn(run_list, `${place.pointer}/run_list`, place);
  const attributes = Object.entries(json).map(
    ([key, one]) => [key, filledIn(one, `${place.pointer}/json/${key}`, place)] as const,
  );
  const whole = { ...Object.fromEntries(attributes), ...(run_list.length === 0 ? {} : { run_list: list }) };
  return { text: [`${JSON.stringify(whole, null, 2)}\n`], to };
};

const mostBytes = 256 * 1024;

type RubyWords = Readonly<Record<string, string>>;

/** chef's own configuration: the template's, with Packer's words in it, or the lines that are not empty. */
export const configOf = async (
  template: readonly FileRef[],
  words: RubyWords,
  lines: readonly string[],
  to: string,
  { pointer, fields, wrong }: ProvisionerPlace,
): Promise<ToolUpload> => {
  const [file] = template;
  if (file === undefined) return { filled: `${lines.filter((line) => line !== '').join('\n')}\n`, to };
  const at = `${pointer}/config_template`;
  const { size } = await stat(file.path);
  if (size > mostBytes) wrong.add(at, `has ${size} bytes: at most ${mostBytes} are read`);
  const raw = size > mostBytes ? '' : await readFile(file.path, 'utf8');
  const known = Object.entries(words).map(([name, value]) => [name, { packer: name, isThere: value !== '' }] as const);
  const own = Object.fromEntries(Object.entries(words).map(([name, value]) => [`.${name}`, value]));
  return { filled: fields.early(at, withoutConditions(raw, Object.fromEntries(known)), own) ?? '', to };
};

/** A line of a Ruby file, where it says something. */
export const line = (key: string, value: string): string => (value === '' ? '' : `${key} "${value}"`);

export const inStaging = (folder: string, name: string) => (listed: FileRef) => ({
  listed,
  to: posix.join(folder, name),
});
