import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { shellQuoted } from '../../base/shell.ts';
import type { Guest, SshSpec } from '../types.ts';

// sockaddr_un holds 104 bytes on OpenBSD, and ssh binds a name that is 17 bytes longer before it renames it.
const longestSocketPath = 104 - 1 - 17;

/** Where the master of this guest's connections listens. Throws `configuration_invalid` when its path cannot be a socket's. */
export const controlSocket = ({ folder }: Pick<SshSpec, 'folder'>): string => {
  const path = join(folder, 'ssh');
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new Fault(
      'configuration_invalid',
      `${path} is too long for ssh's control socket: at most ${longestSocketPath} bytes. Choose a shorter state folder.`,
    );
  return path;
};

/** Where everything about the connection stands (ssh_config(5)), so that no command line has it. */
export const configFile = ({ folder }: Pick<SshSpec, 'folder'>): string => join(folder, 'ssh_config');

// ssh splits such values at blanks and reads % as the start of a token (ssh_config(5), TOKENS).
const pathValue = (path: string) => `"${path.replaceAll('%', '%%')}"`;

// Who may log in is judged with the template. Here it would become a line of its own, so it is looked at once more.
const word = (text: string): string => {
  if (/^[A-Za-z0-9_:][A-Za-z0-9_.:@-]*$/.test(text)) return text;
  throw new Fault('template_invalid', `${JSON.stringify(text)} cannot stand in ssh's configuration.`);
};

/**
 * What every ssh of a build goes by: nothing of the host's own configuration, keys, agent or known hosts, no question to
 * a terminal, and the guest's key pinned under one name whatever its address.
 */
const loginOptions = (spec: Guest['login']): Readonly<Record<string, string>> => ({
  HostName: word(spec.host),
  Port: String(spec.port),
  User: word(spec.username),
  BatchMode: 'yes',
  IdentitiesOnly: 'yes',
  IdentityAgent: 'none',
  IdentityFile: pathValue(spec.keyFile),
  PreferredAuthentications: 'publickey',
  PasswordAuthentication: 'no',
  KbdInteractiveAuthentication: 'no',
  UserKnownHostsFile: pathValue(spec.knownHostsFile),
  GlobalKnownHostsFile: '/dev/null',
  StrictHostKeyChecking: 'accept-new',
  UpdateHostKeys: 'no',
  HostKeyAlias: 'guest',
  CheckHostIP: 'no',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  ClearAllForwardings: 'yes',
});

const optionsOf = (spec: SshSpec): Readonly<Record<string, string>> => ({
  ...loginOptions(spec),
  ControlPath: pathValue(controlSocket(spec)),
  ControlPersist: 'no',
});

const linesOf = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');

/** ssh_config(5) for another program of the host that logs in to this guest alone, by the host key that the build has learnt. */
export const loginConfig = (login: Guest['login']): string =>
  linesOf({ ...loginOptions(login), StrictHostKeyChecking: 'yes', ControlMaster: 'no' });

/** Writes the file that `sshArgs` names, for the owner's eyes. Throws as `controlSocket` does. */
export const writeSshConfig = async (spec: SshSpec): Promise<void> => {
  await writeFile(configFile(spec), linesOf(optionsOf(spec)), { mode: 0o600 });
};

/** What every ssh is called with, in the folder of its machine: the same words for every build. */
export const sshArgs = ['-F', 'ssh_config'] as const;

/** The host, as ssh is asked for it. Where that is and who logs in there is in the file. */
export const sshHost = 'guest';

/** The command line by which a person reaches the guest while it lives. */
export const sshLine = ({
  host,
  port,
  username,
  keyFile,
  knownHostsFile,
}: Pick<SshSpec, 'host' | 'port' | 'username' | 'keyFile' | 'knownHostsFile'>): string =>
  [
    ...['ssh', '-F', '/dev/null', '-p', String(port)],
    ...[
      'IdentitiesOnly=yes',
      `IdentityFile=${pathValue(keyFile)}`,
      `UserKnownHostsFile=${pathValue(knownHostsFile)}`,
      'HostKeyAlias=guest',
    ].flatMap((option) => ['-o', option]),
    `${username}@${host}`,
  ]
    .map(shellQuoted)
    .join(' ');
