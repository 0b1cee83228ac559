import { durationMsOf } from '../../../base/units.ts';
import type { Builder } from '../builder.ts';
import { isMedium } from '../paths.ts';
import type { Rules } from '../keys.ts';

const found = { idle: 'the address of the machine is known' } as const;
const ownKey = { idle: 'a key pair is made for each build, and never leaves it' } as const;
const modern = { idle: 'ssh(1) of the host agrees on it with the guest' } as const;
const tunnel = { refuse: 'there are no tunnels between the host and a guest' } as const;
const windows = { idle: 'guests are reached by ssh' } as const;
const port = { idle: 'the machine is reached without a port of the host' } as const;

/** Packer's keys for its communicator. */
export const sshRules = {
  communicator: 'read',
  ssh_username: 'read',
  ssh_password: 'read',
  ssh_port: 'read',
  ssh_timeout: 'read',
  ssh_wait_timeout: 'read',
  ssh_pty: 'read',
  ssh_keep_alive_interval: 'read',
  ssh_read_write_timeout: 'read',
  ssh_private_key_file: 'read',
  pause_before_connecting: 'read',
  ssh_handshake_attempts: 'read',
  ssh_host: found,
  ssh_interface: found,
  ssh_ip_version: found,
  ssh_host_port_min: port,
  ssh_host_port_max: port,
  ssh_skip_nat_mapping: port,
  host_port_min: port,
  host_port_max: port,
  skip_nat_mapping: port,
  ssh_file_transfer_method: { idle: 'files are sent over the connection itself' },
  ssh_disable_agent_forwarding: { idle: 'no agent is forwarded' },
  ssh_agent_auth: {
    refuse: 'the daemon has no agent of yours: let the guest take {{ ssh_public_key }}, which is made for each build',
  },
  ssh_keypair_name: ownKey,
  temporary_key_pair_name: ownKey,
  temporary_key_pair_type: ownKey,
  temporary_key_pair_bits: ownKey,
  ssh_clear_authorized_keys: { idle: 'the key of the build opens nothing after it' },
  ssh_certificate_file: 'read',
  ssh_ciphers: modern,
  ssh_key_exchange_algorithms: modern,
  ssh_bastion_host: 'read',
  ssh_bastion_port: 'read',
  ssh_bastion_username: 'read',
  ssh_bastion_password: 'read',
  ssh_bastion_interactive: tunnel,
  ssh_bastion_agent_auth: tunnel,
  ssh_bastion_private_key_file: 'read',
  ssh_bastion_certificate_file: tunnel,
  ssh_proxy_host: tunnel,
  ssh_proxy_port: { idle: 'there is no proxy' },
  ssh_proxy_username: tunnel,
  ssh_proxy_password: tunnel,
  ssh_local_tunnels: tunnel,
  ssh_remote_tunnels: tunnel,
  winrm_username: windows,
  winrm_password: windows,
  winrm_host: windows,
  winrm_port: windows,
  winrm_timeout: windows,
  winrm_retry_interval: windows,
  winrm_connect_timeout: windows,
  winrm_no_proxy: windows,
  winrm_use_ssl: windows,
  winrm_insecure: windows,
  winrm_use_ntlm: windows,
} as const satisfies Rules;

// Packer's keys and those of `communicator`.
const named = {
  ssh_username: 'username',
  ssh_password: 'password',
  pause_before_connecting: 'pause_before_connecting',
  ssh_keep_alive_interval: 'keep_alive',
  ssh_read_write_timeout: 'read_write_timeout',
} as const;

/** A duration, and its place. */
type Limit = { readonly text: string; readonly from: string };

/** Nothing waits without an end here: zero is as good as absent. */
const limitAt = ({ keys }: Builder, key: string): Limit | undefined => {
  const text = keys.text(key);
  return text === undefined || text === '' || /^0[a-z]*$/.test(text) ? undefined : { text, from: keys.at(key) };
};

/**
 * Packer's limit on logging in, which there spans the installation too; undefined: its default, 5 minutes. Its older name counts
 * above the newer one (packer-plugin-sdk, communicator/config.go).
 */
const sshTimeout = (builder: Builder): Limit | undefined =>
  limitAt(builder, 'ssh_wait_timeout') ?? limitAt(builder, 'ssh_timeout');

// What an installation may take here where nothing else is said.
const defaultInstallMs = 3_600_000;

/** How long the installation may take. A builder of Packer's that does not log in waits for its end as for that of a shutdown. */
export const installLimit = (builder: Builder): Limit | undefined => {
  const login = sshTimeout(builder);
  const { keys, reading } = builder;
  const limit = keys.known('communicator') === 'none' ? limitAt(builder, 'shutdown_timeout') : undefined;
  if (limit === undefined) return login;
  const ms = reading.wrong.attempt(limit.from, undefined, () => durationMsOf(reading.fill(limit.text) ?? ''));
  // Packer begins to count when all has been typed: a shorter one is no limit on the whole.
  return ms === undefined || ms > defaultInstallMs ? limit : login;
};

/** A key or certificate of the host's own: those of the machine that Packer ran on are not here. */
const putKeyFile = ({ keys, draft, reading }: Builder, key: string, path: readonly string[]): void => {
  const file = keys.text(key);
  if (file === undefined || file === '') return;
  const hasPassword = key === 'ssh_private_key_file' && (keys.text('ssh_password') ?? '') !== '';
  if (isMedium(file)) draft.put(path, file, keys.at(key));
  else if (hasPassword)
    reading.notes.add(
      keys.at(key),
      'is not taken: it names a key of the machine that Packer ran on, and the build logs in with its own key or with "ssh_password"',
    );
  else
    reading.wrong.add(
      keys.at(key),
      'names a key of the machine that Packer ran on: leave it out and let the guest take {{ ssh_public_key }}, which is made for each build; or ask for the file to be listed as a medium, "media:..."',
    );
};

const putBastion = (builder: Builder): void => {
  const { keys, draft } = builder;
  const host = keys.text('ssh_bastion_host');
  if (host === undefined || host === '') return;
  draft.put(['communicator', 'bastion'], { host }, keys.at('ssh_bastion_host'));
  for (const key of ['username', 'password']) {
    const text = keys.text(`ssh_bastion_${key}`);
    if (text !== undefined && text !== '')
      draft.put(['communicator', 'bastion', key], text, keys.at(`ssh_bastion_${key}`));
  }
  const port = keys.whole('ssh_bastion_port');
  if (port !== undefined && port !== 0)
    draft.put(['communicator', 'bastion', 'port'], port, keys.at('ssh_bastion_port'));
  putKeyFile(builder, 'ssh_bastion_private_key_file', ['communicator', 'bastion', 'private_key']);
};

/** How the build logs in; false: it does not. */
export const translateSsh = (builder: Builder): boolean => {
  const { keys, draft, reading } = builder;
  const type = keys.known('communicator') ?? 'ssh';
  const from = keys.raw('communicator') === undefined ? keys.pointer : keys.at('communicator');
  if (type === 'none') return false;
  if (type !== 'ssh' && type !== '') {
    const why =
      type === 'winrm'
        ? 'is "winrm", which is not there: guests are reached by ssh, on Windows by its OpenSSH server'
        : 'must be "ssh" or "none"';
    reading.wrong.add(from, why);
    return false;
  }
  draft.put(['communicator'], { type: 'ssh' }, from);
  if (keys.raw('ssh_username') === undefined)
    reading.wrong.add(
      keys.pointer,
      'has no "ssh_username": name the user to log in as, or set "communicator" to "none"',
    );
  for (const [theirs, ours] of Object.entries(named)) {
    const text = keys.text(theirs);
    if (text !== undefined && text !== '') draft.put(['communicator', ours], text, keys.at(theirs));
  }
  if (keys.flag('ssh_pty')) draft.put(['communicator', 'pty'], true, keys.at('ssh_pty'));
  const port = keys.whole('ssh_port');
  if (port !== undefined && port !== 0) draft.put(['communicator', 'port'], port, keys.at('ssh_port'));
  const timeout = sshTimeout(builder);
  if (timeout !== undefined) draft.put(['communicator', 'timeout'], timeout.text, timeout.from);
  const attempts = keys.whole('ssh_handshake_attempts');
  if (attempts !== undefined && attempts > 0)
    draft.put(['communicator', 'handshake_attempts'], attempts, keys.at('ssh_handshake_attempts'));
  putKeyFile(builder, 'ssh_private_key_file', ['communicator', 'private_key']);
  putKeyFile(builder, 'ssh_certificate_file', ['communicator', 'certificate']);
  putBastion(builder);
  return true;
};
