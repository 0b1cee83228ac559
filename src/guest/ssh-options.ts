import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { quoted } from './quoted.ts';
import type { SshSpec } from './types.ts';

// sockaddr_un holds 104 bytes on OpenBSD, and ssh binds a name that is 17 bytes longer before it renames it.
const longestSocketPath = 104 - 1 - 17;

/** Where the master of this guest's connections listens. Throws `configuration_invalid` when its path cannot be a socket's. */
export const controlSocket = ({ folder }: SshSpec): string => {
  const path = join(folder, 'ssh');
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new Fault(
      'configuration_invalid',
      `${path} is too long for ssh's control socket: at most ${longestSocketPath} bytes. Choose a shorter state folder.`,
    );
  return path;
};

// ssh splits such values at blanks and reads % as the start of a token (ssh_config(5), TOKENS).
const pathValue = (path: string) => `"${path.replaceAll('%', '%%')}"`;

/**
 * What every ssh of a build is called with: nothing of the host's own configuration, keys, agent or known hosts, no
 * question to a terminal, and the guest's key pinned under one name whatever its address.
 */
export const sshOptions = (spec: SshSpec): readonly string[] => [
  ...['-F', '/dev/null', '-p', String(spec.port), '-l', spec.username],
  ...[
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${pathValue(spec.keyFile)}`,
    'PreferredAuthentications=publickey',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    `UserKnownHostsFile=${pathValue(spec.knownHostsFile)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=accept-new',
    'UpdateHostKeys=no',
    'HostKeyAlias=guest',
    'CheckHostIP=no',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    `ControlPath=${pathValue(controlSocket(spec))}`,
    'ControlPersist=no',
  ].flatMap((option) => ['-o', option]),
];

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
    .map(quoted)
    .join(' ');
