import { Fault } from '../base/fault.ts';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { FileRef, Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { argumentsList, Arguments, Listed, listedOr } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';
import { judgeAllowed } from './on-host/allowed.ts';
import { ansibleArguments, ansibleVariables, type AnsibleArguments } from './on-host/ansible-arguments.ts';
import { makeAnsibleFolder } from './on-host/ansible-folder.ts';
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
  use_proxy: z
    .literal(false, 'is true, and there is no proxy: the guest is reached itself')
    .default(false)
    .describe("Packer's key: there is none"),
}).describe(about);

type Settings = {
  readonly playbook: FileRef;
  readonly roles?: FileRef;
  readonly collections?: FileRef;
  readonly beside?: FileRef;
  readonly alias: string;
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly emptyGroups: readonly string[];
  readonly given: AnsibleArguments;
  readonly env: Readonly<Record<string, Text>>;
};

const nothing: AnsibleArguments = { switches: [], env: {}, vars: [], limit: '' };

/** An inventory as Packer writes it; where every name leads is in ssh's own configuration. */
const inventoryOf = (
  { alias, groups, emptyGroups }: Settings,
  login: { host: string; port: number; username: string },
): string => {
  const host = `${alias} ansible_host=${login.host} ansible_user=${login.username} ansible_port=${login.port}\n`;
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
    const list = argumentsList(asked.extra_arguments, 'extra_arguments', place);
    const env = asked.ansible_env_vars.map((entry, at) => {
      const [name = ''] = entry.split('=', 1);
      const here = `${pointer}/ansible_env_vars/${at}`;
      if (!ansibleVariables.includes(name))
        wrong.add(here, `is ${name}, which is not taken; these are: ${ansibleVariables.join(' ')}`);
      return [name, fields.text(here, entry.slice(name.length + 1))] as const;
    });
    return {
      playbook: await fields.file(`${pointer}/playbook_file`, asked.playbook_file),
      ...(roles === undefined ? {} : { roles }),
      ...(collections === undefined ? {} : { collections }),
      ...(beside === undefined ? {} : { beside }),
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
      const command = {
        name: 'ansible-playbook',
        file: ansiblePlaybook,
        args: [...given.switches, ...args],
        env,
        validExitCodes: [0],
      };
      await runOnHost(command, host, tools, signal);
    });
  },
} as const satisfies GuestKind<typeof Schema, Settings>;
