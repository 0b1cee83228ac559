import { withoutFolders } from '../paths.ts';
import type { ImportGuest, MadeProvisioners } from './kinds.ts';

const proxy = 'ansible reaches the guest itself, and no proxy stands between them';

/** Keys of Packer's that are about the machine that it ran on, and its proxy for ssh. */
const idleKeys: Readonly<Record<string, string>> = {
  ansible_proxy_bind_address: proxy,
  ansible_proxy_host: proxy,
  ansible_proxy_key_type: proxy,
  local_port: proxy,
  sftp_command: proxy,
  ssh_authorized_key_file: proxy,
  ssh_host_key_file: proxy,
  keep_inventory_file: 'the inventory is gone with the build',
  skip_version_check: 'the host has one ansible',
};

const sending = 'ansible sends files to the guest as it does by default';

const reaching =
  'the build says how the guest is reached, and "ansible_ssh_extra_args" which algorithms the connection may have';

/** Variables of ansible that are settled here, and why. */
const idleVariables: Readonly<Record<string, string>> = {
  ANSIBLE_HOST_KEY_CHECKING: 'the guest is known by the key that it had when the build first reached it',
  ANSIBLE_NOCOWS: 'the host has no cows',
  ANSIBLE_SCP_EXTRA_ARGS: sending,
  ANSIBLE_SCP_IF_SSH: sending,
  ANSIBLE_SFTP_EXTRA_ARGS: sending,
  ANSIBLE_SSH_TRANSFER_METHOD: sending,
  ANSIBLE_SSH_ARGS: reaching,
  ANSIBLE_SSH_COMMON_ARGS: reaching,
  ANSIBLE_SSH_EXTRA_ARGS: reaching,
  PYTHONUNBUFFERED: 'what ansible prints is told as it is printed',
  OBJC_DISABLE_INITIALIZE_FORK_SAFETY: 'it is for a host with macOS',
};

// Where roles are, in place of "roles_path".
const rolesVariable = /^ANSIBLE_ROLES_PATH=([^:]+)$/;

/** Arguments of ansible-playbook that are options of programs which it does not start here. */
const idleArguments = ['--scp-extra-args', '--sftp-extra-args'];

const told = (notes: ImportGuest['reading']['notes'], at: string, why: string): void =>
  notes.add(at, `has no meaning here: ${why}`);

const keptVariables = (given: unknown, at: string, { notes }: ImportGuest['reading'], hasRoles: boolean): unknown => {
  if (!Array.isArray(given)) return given;
  return given.filter((entry: unknown, index) => {
    if (hasRoles && typeof entry === 'string' && rolesVariable.test(entry)) return false;
    const name = typeof entry === 'string' ? entry.replace(/=[^]*$/, '') : '';
    const why = Object.hasOwn(idleVariables, name) ? idleVariables[name] : undefined;
    if (why !== undefined) told(notes, `${at}/${index}`, why);
    return why === undefined;
  });
};

const keptArguments = (given: unknown, at: string, { notes }: ImportGuest['reading']): unknown => {
  if (!Array.isArray(given)) return given;
  const isIdle = (entry: unknown) => typeof entry === 'string' && idleArguments.some((name) => entry === name || entry.startsWith(`${name}=`)); // prettier-ignore
  return given.filter((entry: unknown, index) => {
    if (isIdle(entry)) told(notes, `${at}/${index}`, sending);
    // The value of an option that stands in an argument of its own.
    const before: unknown = given[index - 1];
    return !isIdle(entry) && !(isIdle(before) && !String(before).includes('='));
  });
};

/** The folder of roles that a variable names, where no key does. */
const rolesOf = (own: MadeProvisioners): MadeProvisioners => {
  const variables = own.find(({ key }) => key === 'ansible_env_vars');
  if (variables === undefined || own.some(({ key }) => key === 'roles_path')) return [];
  const texts: readonly unknown[] = Array.isArray(variables.value) ? variables.value : [];
  const [path] = texts.flatMap((text) => (typeof text === 'string' ? (rolesVariable.exec(text)?.[1] ?? []) : []));
  return path === undefined ? [] : [{ key: 'roles_path', value: withoutFolders(path), from: variables.from }];
};

/** The keys of ansible without those that have no meaning here; each of them is a note. */
export const withoutIdle = (own: MadeProvisioners, { reading }: ImportGuest): MadeProvisioners => {
  const roles = rolesOf(own);
  return [...own, ...roles].flatMap((one) => {
    const { key, value, from } = one;
    const idle = Object.hasOwn(idleKeys, key) ? idleKeys[key] : undefined;
    if (idle !== undefined) told(reading.notes, from, idle);
    if (idle !== undefined) return [];
    if (key === 'ansible_env_vars') return [{ ...one, value: keptVariables(value, from, reading, roles.length > 0) }];
    return key === 'extra_arguments' ? [{ ...one, value: keptArguments(value, from, reading) }] : [one];
  });
};
