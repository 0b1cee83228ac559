import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from './fields.ts';
import { ParseError } from '../../base/parse-error.ts';
import { quoted } from '../../base/nearest.ts';
import { resolveTurns } from './turns.ts';
import type { Template } from '../document/template.ts';
import type { ProvisionerSpec, ShellProvisioner, Text } from '../spec.ts';
import { durationOf } from '../../base/units.ts';

type Asked = Template['provisioners'][number];
type ShellAsked = Extract<Asked, { type: 'shell' }>;

const scriptsOf = async (asked: ShellAsked, pointer: string, fields: Fields): Promise<ShellProvisioner['scripts']> => {
  const { inline, script, scripts = [] } = asked;
  if (inline !== undefined) {
    const lines = typeof inline === 'string' ? [inline] : inline;
    const texts: Text[] = [];
    for (const [index, line] of lines.entries()) {
      await fields.rest();
      texts.push(fields.text(typeof inline === 'string' ? `${pointer}/inline` : `${pointer}/inline/${index}`, line));
    }
    return [{ inline: texts.flatMap((text): Text => [...text, '\n']) }];
  }
  if (script !== undefined) return [{ file: await fields.file(`${pointer}/script`, script) }];
  const files: ShellProvisioner['scripts'][number][] = [];
  for (const [index, one] of scripts.entries())
    files.push({ file: await fields.file(`${pointer}/scripts/${index}`, one) });
  return files;
};

const envOf = (asked: ShellAsked, pointer: string, fields: Fields): Record<string, Text> => {
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

const remoteFolderOf = (raw: number | string): string => {
  const folder = String(raw);
  if (!/^\/[A-Za-z0-9._/-]*$/.test(folder))
    throw new ParseError(`${quoted(folder)} must be an absolute path of letters, digits and . _ - /`);
  return folder === '/' ? folder : folder.replace(/\/+$/, '');
};

const resolveOne = async (
  asked: Asked,
  index: number,
  fields: Fields,
  wrong: FieldErrors,
): Promise<ProvisionerSpec> => {
  const pointer = `/provisioners/${index}`;
  const name = asked.name ?? `${asked.type}-${index + 1}`;
  const timeoutMs = fields.made(`${pointer}/timeout`, asked.timeout, 1, (time) => durationOf(time));
  if (asked.type === 'console')
    return { type: 'console', name, turns: await resolveTurns(asked.console, `${pointer}/console`, fields), timeoutMs };
  const command = asked.execute_command;
  return {
    type: 'shell',
    name,
    scripts: await scriptsOf(asked, pointer, fields),
    env: envOf(asked, pointer, fields),
    validExitCodes: asked.valid_exit_codes,
    expectDisconnect: asked.expect_disconnect,
    ...(command === undefined
      ? {}
      : { executeCommand: executeCommandOf(command, `${pointer}/execute_command`, fields, wrong) }),
    remoteFolder: fields.made(`${pointer}/remote_folder`, asked.remote_folder, '/', remoteFolderOf),
    timeoutMs,
    maxRetries: asked.max_retries,
    pauseBeforeMs: fields.made(`${pointer}/pause_before`, asked.pause_before, 0, (time) => durationOf(time, 0)),
  };
};

/** The changes to the guest, in order. */
export const resolveProvisioners = async (
  template: Template,
  fields: Fields,
  wrong: FieldErrors,
): Promise<readonly ProvisionerSpec[]> => {
  const resolved: ProvisionerSpec[] = [];
  // One after the other: side by side, a thousand files would be looked for in one go.
  for (const [index, asked] of template.provisioners.entries()) {
    await fields.rest();
    resolved.push(await resolveOne(asked, index, fields, wrong));
  }
  return resolved;
};
