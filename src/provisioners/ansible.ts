import { dirname, join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { fillCommand, resolveCommand } from './in-guest/command.ts';
import { argumentsList, Arguments, Listed, listedOr } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';
import { judgeAllowed, judgeGalaxy } from './on-host/allowed.ts';
import { ansibleArguments, ansibleVariables, type AnsibleArguments } from './on-host/ansible-arguments.ts';
import { galaxyCalls, type Galaxy } from './on-host/ansible-galaxy.ts';
import { makeAnsibleFolder } from './on-host/ansible-folder.ts';
import { sshArguments } from './on-host/ssh-arguments.ts';
import { runOnHost } from './on-host/finish.ts';
import { packerFacts } from './packer-facts.ts';

const about = 'ansible-playbook on the host of the daemon, where its configuration allows that';

const Name = Words.regex(
  /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/,
  'is not the name of a host or group: letters, digits and _ . -',
);

const Names = z.array(Name).max(bounds.environment).default([]);

const Schema = strict({
  type: z.literal('ansible'),
  ...commonKeys,
  playbook_file: Listed.describe('the playbook; its whole folder comes along, with roles and group_vars beside it'),
  extra_arguments: Arguments.describe(
    'arguments of ansible-playbook: tags, limits, variables, verbosity and the like; others are refused',
  ),
  groups: Names.describe('groups that the guest is in'),
  empty_groups: Names.describe('groups without a host'),
  host_alias: Name.default('default').describe('the name of the guest in the inventory'),
  user: Words.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'is not a name that can log in')
    .optional()
    .describe('who logs in; default: that of `communicator`'),
  ansible_env_vars: z
    .array(Words.regex(/^ANSIBLE_[A-Z0-9_]+=/, 'must be ANSIBLE_NAME=value'))
    .max(bounds.environment)
    .default([])
    .describe(
      'variables of ansible, `ANSIBLE_NAME=value`; those that name programs or say how the guest is reached are refused',
    ),
  roles_path: Listed.optional().describe('a folder of roles'),
  collections_path: Listed.optional().describe('a folder of collections'),
  inventory_directory: Listed.optional().describe(
    'a folder that stands beside the inventory, with its group_vars and host_vars',
  ),
  inventory_file: Listed.optional().describe(
    'the inventory, in place of a written one; every host in it is the guest, for ssh leads nowhere else',
  ),
  inventory_file_template: Words.max(4096)
    .default('{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} ansible_port={{ .Port }}\n')
    .describe("the line of a host in the written inventory, with Packer's `.HostAlias`, `.Host`, `.User` and `.Port`"),
  ansible_ssh_extra_args: Arguments.describe(
    'options of ssh, each as `-o NAME=value`: how a connection is made, such as `KexAlgorithms`; others are refused',
  ),
  galaxy_file: Listed.optional().describe(
    'roles and collections that ansible-galaxy fetches before, where the configuration allows that',
  ),
  galaxy_force_install: z.boolean().default(false).describe('fetch them over those that are there'),
  galaxy_force_with_deps: z.boolean().default(false).describe('the same with what they depend on'),
  use_proxy: z
    .literal(false, 'is true, and there is no proxy: the guest is reached itself')
    .default(false)
    .describe("Packer's key: there is none"),
}).describe(about);

type Settings = {
  readonly playbook: FileRef;
  /** The folder that it stands in, which comes along. */
  readonly playbookFolder: FileRef;
  readonly roles?: FileRef;
  readonly collections?: FileRef;
  readonly beside?: FileRef;
  readonly inventoryFile?: FileRef;
  /** The line of a host in a written inventory; see `fillCommand`. */
  readonly hostLine: string;
  readonly sshOptions: readonly string[];
  readonly galaxy?: Galaxy;
  readonly alias: string;
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly emptyGroups: readonly string[];
  readonly given: AnsibleArguments;
  readonly env: Readonly<Record<string, Text>>;
};

const nothing: AnsibleArguments = { switches: [], env: {}, vars: [], limit: '' };

const hostWords = {
  alias: { packer: 'HostAlias', isThere: true },
  host: { packer: 'Host', isThere: true },
  user: { packer: 'User', isThere: true },
  port: { packer: 'Port', isThere: true },
};

/** An inventory as Packer writes it; where every name leads is in ssh's own configuration. */
const inventoryOf = (
  { alias, groups, emptyGroups, hostLine, inventoryFile }: Settings,
  login: { host: string; port: number; username: string },
): string | FileRef => {
  if (inventoryFile !== undefined) return inventoryFile;
  const words = { alias, host: login.host, user: login.username, port: String(login.port) };
  const host = fillCommand(hostLine, words).replace(/\n?$/, '\n');
  return [host, ...groups.map((group) => `[${group}]\n${host}`), ...emptyGroups.map((group) => `[${group}]\n`)].join(
    '',
  );
};

/** ansible-playbook on the host, with the keys of Packer's provisioner. */
export const ansible = {
  type: 'ansible',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place): Promise<Settings> => {
    const { pointer, fields, wrong } = place;
    judgeAllowed('ansible', place);
    const [roles] = await listedOr(asked.roles_path, 'roles_path', place, 'folder');
    const [collections] = await listedOr(asked.collections_path, 'collections_path', place, 'folder');
    const [beside] = await listedOr(asked.inventory_directory, 'inventory_directory', place, 'folder');
    const [inventoryFile] = await listedOr(asked.inventory_file, 'inventory_file', place, 'file');
    if (inventoryFile !== undefined && asked.groups.length + asked.empty_groups.length > 0)
      wrong.add(`${pointer}/inventory_file`, 'is an inventory of its own: put "groups" and "empty_groups" into it');
    const [galaxy] = await listedOr(asked.galaxy_file, 'galaxy_file', place, 'file');
    if (galaxy !== undefined) judgeGalaxy(place);
    const { galaxy_force_install: force, galaxy_force_with_deps: withDependencies } = asked;
    const line = { ...place, pointer: `${pointer}/inventory_file_template` };
    const ssh = argumentsList(asked.ansible_ssh_extra_args, 'ansible_ssh_extra_args', place);
    const list = argumentsList(asked.extra_arguments, 'extra_arguments', place);
    const env = asked.ansible_env_vars.map((entry, at) => {
      const [name = ''] = entry.split('=', 1);
      const here = `${pointer}/ansible_env_vars/${at}`;
      if (!ansibleVariables.includes(name))
        wrong.add(here, `is ${name}, which is not taken; these are: ${ansibleVariables.join(' ')}`);
      return [name, fields.text(here, entry.slice(name.length + 1))] as const;
    });
    const playbook = await fields.file(`${pointer}/playbook_file`, asked.playbook_file);
    return {
      playbook,
      playbookFolder: { path: dirname(playbook.path), shown: `${dirname(playbook.shown)}/` },
      ...(roles === undefined ? {} : { roles }),
      ...(collections === undefined ? {} : { collections }),
      ...(beside === undefined ? {} : { beside }),
      ...(inventoryFile === undefined ? {} : { inventoryFile }),
      ...(galaxy === undefined ? {} : { galaxy: { file: galaxy, force, withDependencies } }),
      hostLine: resolveCommand(asked.inventory_file_template, hostWords, line),
      sshOptions: wrong.attempt(`${pointer}/ansible_ssh_extra_args`, [], () => sshArguments(ssh)),
      ...{ alias: asked.host_alias, user: asked.user, groups: asked.groups, emptyGroups: asked.empty_groups },
      given: wrong.attempt(`${pointer}/extra_arguments`, nothing, () => ansibleArguments(list)),
      env: Object.fromEntries(env),
    };
  },
  plan: ({ playbook }) => `ansible-playbook ${playbook.shown} on the host`,
  run: async (settings, tools, signal) => {
    const { guest, runtime, onHost, ansiblePlaybook } = tools;
    const { given, user } = settings;
    if (guest.login === undefined)
      throw new Fault('provisioner_failed', 'ansible logs in by ssh, and this guest has none.');
    const login = user === undefined ? guest.login : { ...guest.login, username: user };
    const vars = [JSON.stringify(packerFacts(tools)), ...given.vars];
    const own = Object.entries(settings.env).map(([name, text]) => [name, render(text, runtime)] as const);
    await onHost('nobody', async (host) => {
      const inventory = inventoryOf(settings, login);
      const args = await makeAnsibleFolder(host.folder, { ...settings, ...given, vars, inventory }, login);
      const env = {
        ...{ ...given.env, ...Object.fromEntries(own) },
        // Without a locale of UTF-8 it does not start.
        ...{ LC_ALL: 'C.UTF-8', PYTHONUNBUFFERED: '1', ANSIBLE_CONFIG: `${host.folder}/ansible.cfg` },
      };
      const run = (name: string, file: string, own: readonly string[]) =>
        runOnHost({ name, file, args: own, env, validExitCodes: [0] }, host, tools, signal);
      const { galaxy } = settings;
      for (const call of galaxy === undefined ? [] : await galaxyCalls(host.folder, galaxy))
        await run('ansible-galaxy', join(dirname(ansiblePlaybook), 'ansible-galaxy'), call);
      await run('ansible-playbook', ansiblePlaybook, [...given.switches, ...args]);
    });
  },
} as const satisfies GuestKind<typeof Schema, Settings>;
