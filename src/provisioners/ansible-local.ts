import { posix } from 'node:path';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { strict, Words } from '../template/document/words.ts';
import type { FileRef } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { stagingKeys } from './in-guest/keys.ts';
import { runTool, type ToolCommand, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import {
  argumentsOf,
  Arguments,
  Command,
  guestFolderOf,
  Listed,
  listedOf,
  listedOr,
  ListedSeveral,
  placeIn,
  textOr,
} from './in-guest/values.ts';
import type { GuestKind, ProvisionerPlace } from './kind.ts';

const about = 'ansible-playbook in the guest, on the guest itself, with playbooks of the context';

const Schema = strict({
  type: z.literal('ansible-local'),
  ...commonKeys,
  playbook_file: Listed.optional().describe('the playbook'),
  playbook_files: ListedSeveral.describe('several, run in this order'),
  playbook_dir: Listed.optional().describe('a folder that is uploaded with them'),
  playbook_paths: ListedSeveral.describe('folders of more playbooks, which come below `playbooks`'),
  role_paths: ListedSeveral.describe('folders of roles, one role each, which come below `roles`'),
  group_vars: Listed.optional().describe('the folder group_vars'),
  host_vars: Listed.optional().describe('the folder host_vars'),
  inventory_file: Listed.optional().describe('the inventory; default: 127.0.0.1 alone'),
  inventory_groups: z
    .array(Words.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a group: letters, digits and _'))
    .max(bounds.environment)
    .default([])
    .describe('groups of the default inventory, each with 127.0.0.1'),
  galaxy_file: Listed.optional().describe(
    'what ansible-galaxy installs before, from the internet: the guest has to reach it',
  ),
  galaxy_command: Command.default('ansible-galaxy').describe('how ansible-galaxy is started'),
  command: Command.default('ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook').describe(
    'how ansible-playbook is started',
  ),
  extra_arguments: Arguments.describe('more arguments, as words of the shell'),
  ...stagingKeys('/tmp/packer-provisioner-ansible-local/{{ uuid }}'),
})
  .refine(
    ({ playbook_file, playbook_files }) => (playbook_file === undefined) !== (playbook_files.length === 0),
    'needs exactly one of "playbook_file" and "playbook_files"',
  )
  .describe(about);

const below = (folder: string, files: readonly FileRef[], key: string, place: ProvisionerPlace) =>
  files.map((listed, at) => ({ listed, to: placeIn(folder, listed, `${place.pointer}/${key}/${at}`, place) }));

type Asked = z.output<typeof Schema>;

const inventoryOf = async (
  { inventory_file: file, inventory_groups: groups }: Asked,
  folder: string,
  place: ProvisionerPlace,
) => {
  const [listed] = await listedOr(file, 'inventory_file', place, 'file');
  if (listed !== undefined) return { listed, to: placeIn(folder, listed, `${place.pointer}/inventory_file`, place) };
  const lines = groups.length === 0 ? '127.0.0.1\n' : groups.map((group) => `[${group}]\n127.0.0.1\n`).join('');
  return { text: [lines], to: posix.join(folder, 'packer-provisioner-ansible-local') };
};

/** The folders that come beside the playbooks. */
const besideOf = async (asked: Asked, folder: string, place: ProvisionerPlace): Promise<readonly ToolUpload[]> => {
  const at = (name: string) => (listed: FileRef) => ({ listed, to: posix.join(folder, name) });
  const roles = await listedOf(asked.role_paths, 'role_paths', place, 'folder');
  const more = await listedOf(asked.playbook_paths, 'playbook_paths', place, 'folder');
  return [
    ...(await listedOr(asked.playbook_dir, 'playbook_dir', place, 'folder')).map(at('')),
    ...(await listedOr(asked.group_vars, 'group_vars', place, 'folder')).map(at('group_vars')),
    ...(await listedOr(asked.host_vars, 'host_vars', place, 'folder')).map(at('host_vars')),
    ...below(posix.join(folder, 'roles'), roles, 'role_paths', place),
    ...below(posix.join(folder, 'playbooks'), more, 'playbook_paths', place),
  ];
};

const facts =
  '--extra-vars "packer_build_name={{ packer_build_name }} packer_builder_type={{ packer_builder_type }} packer_http_addr={{ packer_http_addr }}"';

/** ansible-playbook in the guest, by the rules of Packer's provisioner. */
export const ansibleLocal = {
  type: 'ansible-local',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer } = place;
    const { playbook_file: single } = asked;
    const folder = guestFolderOf(asked.staging_directory, 'staging_directory', place);
    const books =
      single === undefined
        ? below(folder, await listedOf(asked.playbook_files, 'playbook_files', place, 'file'), 'playbook_files', place)
        : (await listedOr(single, 'playbook_file', place, 'file')).map((listed) => ({ listed, to: placeIn(folder, listed, `${pointer}/playbook_file`, place) })); // prettier-ignore
    const inventory = await inventoryOf(asked, folder, place);
    const galaxy = (await listedOr(asked.galaxy_file, 'galaxy_file', place, 'file')).map((listed) => ({ listed, to: placeIn(folder, listed, `${pointer}/galaxy_file`, place) })); // prettier-ignore
    const installs = galaxy.map(({ to }): ToolCommand => ({
      name: 'ansible-galaxy',
      command: `cd ${folder} && {{ galaxy_command }} install -r ${to} -p ${posix.join(folder, 'roles')}`,
      validExitCodes: [0],
    }));
    const plays = books.map(({ to }): ToolCommand => ({
      name: 'ansible-playbook',
      command: `cd ${folder} && {{ command }} ${to} ${facts} {{ extra_arguments }} -c local -i ${inventory.to}`,
      validExitCodes: [0],
    }));
    return {
      staging: folder,
      cleansUp: asked.clean_staging_directory,
      sudo: '',
      uploads: [...(await besideOf(asked, folder, place)), ...books, ...galaxy, inventory],
      words: {
        command: textOr(asked.command, 'command', place),
        galaxy_command: textOr(asked.galaxy_command, 'galaxy_command', place),
        extra_arguments: argumentsOf(asked.extra_arguments, 'extra_arguments', place),
      },
      commands: [...installs, ...plays],
    };
  },
  plan: ({ commands }) => `ansible-playbook in the guest: ${commands.length} run(s)`,
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
