import { posix } from 'node:path';
import { z } from 'zod';
import { strict, Words } from '../template/document/words.ts';
import type { FileRef } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { guestOs, preventSudo, staging } from './in-guest/keys.ts';
import { runTool, type ToolCommand, type ToolWork } from './in-guest/tool.ts';
import { guestFolderOf, Listed, listedOr, textOr } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';

const about = 'salt-call in the guest without a master, with a state tree of the context';

const logLevels = ['all', 'garbage', 'trace', 'debug', 'profile', 'info', 'warning', 'error', 'quiet'] as const;

const Schema = strict({
  type: z.literal('salt-masterless'),
  ...commonKeys,
  local_state_tree: Listed.describe('the state tree, a folder'),
  local_pillar_roots: Listed.optional().describe('the pillar roots, a folder'),
  remote_state_tree: Words.max(1000).optional().describe('where the state tree comes in the guest; default: /srv/salt'),
  remote_pillar_roots: Words.max(1000)
    .optional()
    .describe('where the pillar roots come in the guest; default: /srv/pillar'),
  custom_state: Words.max(1000).optional().describe('the state that is applied; default: the highstate'),
  minion_config: Listed.optional().describe('the configuration of the minion, for /etc/salt/minion'),
  grains_file: Listed.optional().describe('grains, for /etc/salt/grains'),
  skip_bootstrap: z
    .boolean()
    .default(false)
    .describe('salt is there; else it is installed from the internet, which the guest has to reach'),
  bootstrap_args: Words.max(4096).optional().describe('arguments of the script that installs salt'),
  disable_sudo: preventSudo,
  temp_config_dir: staging('/tmp/salt'),
  no_exit_on_failure: z.boolean().default(false).describe('a state that failed does not fail the build'),
  log_level: z.enum(logLevels).default('info').describe('how much salt says'),
  salt_call_args: Words.max(4096).optional().describe('more arguments of salt-call, as words of the shell'),
  salt_bin_dir: Words.max(1000).optional().describe('the folder of the guest that has salt-call; default: its PATH'),
  guest_os_type: guestOs,
})
  .refine(
    ({ minion_config, remote_state_tree, remote_pillar_roots }) =>
      minion_config === undefined || (remote_state_tree === undefined && remote_pillar_roots === undefined),
    {
      error:
        'has "minion_config", which says itself where the trees are: leave "remote_state_tree" and "remote_pillar_roots" out',
    },
  )
  .describe(about);

const bootstrap = 'https://bootstrap.saltproject.io';
const installer = '/tmp/install_salt.sh';

const installing: readonly ToolCommand[] = [
  {
    name: 'the download of salt',
    command: `curl -fL ${bootstrap} -o ${installer} || wget -O ${installer} ${bootstrap}`,
    validExitCodes: [0],
  },
  { name: 'the installer of salt', command: `{{ sudo }}sh ${installer} {{ bootstrap_args }}`, validExitCodes: [0] },
];

const step = (name: string, command: string): ToolCommand => ({ name, command, validExitCodes: [0] });

/** Brings an uploaded file or folder to its place, which only root may write to. */
const moved = (from: string, to: string): ToolCommand =>
  step(
    `the way of ${to}`,
    `{{ sudo }}mkdir -p ${posix.dirname(to)} && {{ sudo }}rm -rf ${to} && {{ sudo }}mv ${from} ${to}`,
  );

/** salt-call --local, by the rules of Packer's provisioner. */
export const saltMasterless = {
  type: 'salt-masterless',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    const folder = guestFolderOf(asked.temp_config_dir, 'temp_config_dir', place);
    const tree = guestFolderOf(asked.remote_state_tree ?? '/srv/salt', 'remote_state_tree', place);
    const roots = guestFolderOf(asked.remote_pillar_roots ?? '/srv/pillar', 'remote_pillar_roots', place);
    const minion = await listedOr(asked.minion_config, 'minion_config', place, 'file');
    const grains = await listedOr(asked.grains_file, 'grains_file', place, 'file');
    const pillar = await listedOr(asked.local_pillar_roots, 'local_pillar_roots', place, 'folder');
    const brought = (files: readonly FileRef[], name: string, to: string) =>
      files.map((listed) => ({ listed, from: posix.join(folder, name), to }));
    const all = [
      ...brought(minion, 'minion', '/etc/salt/minion'),
      ...brought(grains, 'grains', '/etc/salt/grains'),
      ...brought([await fields.file(`${pointer}/local_state_tree`, asked.local_state_tree, 'folder')], 'states', tree),
      ...brought(pillar, 'pillar', roots),
    ];
    const state = asked.custom_state === undefined ? 'state.highstate' : 'state.sls {{ custom_state }}';
    const where = minion.length > 0 ? '' : ` --file-root=${tree} --pillar-root=${roots}`;
    const passed = asked.no_exit_on_failure ? '' : ' --retcode-passthrough';
    const bin = asked.salt_bin_dir === undefined ? '' : '{{ salt_bin_dir }}/';
    const more = asked.salt_call_args === undefined ? '' : ' {{ salt_call_args }}';
    const call = `{{ sudo }}${bin}salt-call --local ${state}${where}${passed} -l ${asked.log_level}${more}`;
    return {
      staging: folder,
      cleansUp: false,
      sudo: asked.disable_sudo ? '' : 'sudo ',
      uploads: all.map(({ listed, from }) => ({ listed, to: from })),
      words: {
        custom_state: textOr(asked.custom_state, 'custom_state', place),
        bootstrap_args: textOr(asked.bootstrap_args, 'bootstrap_args', place),
        salt_bin_dir: textOr(asked.salt_bin_dir, 'salt_bin_dir', place),
        salt_call_args: textOr(asked.salt_call_args, 'salt_call_args', place),
      },
      commands: [
        ...(asked.skip_bootstrap ? [] : installing),
        ...all.map(({ from, to }) => moved(from, to)),
        step('salt-call', call),
      ],
    };
  },
  plan: ({ commands }) =>
    (commands[0] === installing[0] ? 'install salt, and salt-call' : 'salt-call') + ' in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
