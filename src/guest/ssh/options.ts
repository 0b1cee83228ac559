import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { askpassOf, fileOf, type Owner } from './credentials.ts';
import type { Bastion, Credentials, SshGuest, SshSpec } from '../types.ts';

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

type Option = readonly [name: string, value: string];

/** How a login is proven: by keys without a question, and where there is a password, by that one answer. */
const authentication = (who: Owner, { privateKey, certificate, password }: Credentials, ownKeys: readonly string[]) => {
  const keys = [...(privateKey === undefined ? [] : [fileOf(who, 'key')]), ...ownKeys];
  const isAsked = password === undefined ? 'no' : 'yes';
  return [
    ['BatchMode', password === undefined ? 'yes' : 'no'],
    ...keys.map((file): Option => ['IdentityFile', pathValue(file)]),
    ...(certificate === undefined ? [] : [['CertificateFile', fileOf(who, 'certificate')] as const]),
    // Without a key of its own, ssh would look for the user's.
    ...(keys.length === 0 ? [['IdentityFile', 'none'] as const] : []),
    ['PreferredAuthentications', `publickey${password === undefined ? '' : ',password,keyboard-interactive'}`],
    ['PasswordAuthentication', isAsked],
    ['KbdInteractiveAuthentication', isAsked],
    ['NumberOfPasswordPrompts', '1'],
  ] as const satisfies readonly Option[];
};

/** Nothing of the host's own configuration, keys, agent or known hosts, and the server's key pinned under one name. */
const common = (alias: string, { knownHostsFile }: Pick<SshSpec, 'knownHostsFile'>): readonly Option[] => [
  ['IdentitiesOnly', 'yes'],
  ['IdentityAgent', 'none'],
  ['UserKnownHostsFile', pathValue(knownHostsFile)],
  ['GlobalKnownHostsFile', '/dev/null'],
  ['StrictHostKeyChecking', 'accept-new'],
  ['UpdateHostKeys', 'no'],
  ['HostKeyAlias', alias],
  ['CheckHostIP', 'no'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['ClearAllForwardings', 'yes'],
  ['ControlPersist', 'no'],
];

/** A guest that resets itself answers the next question with a reset; one that is merely slow has a minute. */
const keepAlive = ({ keepAliveMs = 3000, readWriteTimeoutMs = 60_000 }: SshSpec): readonly Option[] => {
  const seconds = Math.ceil(keepAliveMs / 1000);
  const count = seconds === 0 ? 1 : Math.max(1, Math.ceil(readWriteTimeoutMs / 1000 / seconds));
  return [
    ['ServerAliveInterval', String(seconds)],
    ['ServerAliveCountMax', String(count)],
  ];
};

const guestOptions = (spec: SshSpec): readonly Option[] => [
  ['HostName', word(spec.host)],
  ['Port', String(spec.port)],
  ['User', word(spec.username)],
  ...authentication('login', spec.credentials ?? {}, [spec.keyFile]),
  ...common(sshHost, spec),
  ...keepAlive(spec),
  ['ControlPath', pathValue(controlSocket(spec))],
  // The words are fixed: %h and %p are the address that the hypervisor gave the guest.
  ...(spec.bastion === undefined ? [] : [['ProxyCommand', bastionCommand] as const]),
];

const bastionOptions = (bastion: Bastion, spec: SshSpec): readonly Option[] => [
  ['HostName', word(bastion.host)],
  ['Port', String(bastion.port)],
  ['User', word(bastion.username)],
  ...authentication('bastion', bastion, []),
  ...common(bastionHost, spec),
  ...keepAlive(spec),
];

const block = (host: string, options: readonly Option[]): string =>
  [`Host ${host}`, ...options.map(([name, value]) => `  ${name} ${value}`), ''].join('\n');

/**
 * ssh_config(5) for another program of the host that logs in to this guest alone, by the build's key and the host key that the
 * build has learnt.
 */
export const loginConfig = (login: SshGuest['login']): string =>
  block('*', [
    ['HostName', word(login.host)],
    ['Port', String(login.port)],
    ['User', word(login.username)],
    ['StrictHostKeyChecking', 'yes'],
    ['ControlMaster', 'no'],
    ...authentication('login', {}, [login.keyFile]),
    ...common(sshHost, login),
  ]);

/** Writes the file that `sshArgs` names, for the owner's eyes. Throws as `controlSocket` does. */
export const writeSshConfig = async (spec: SshSpec): Promise<void> => {
  const { bastion } = spec;
  const blocks = [
    block(sshHost, guestOptions(spec)),
    ...(bastion === undefined ? [] : [block(bastionHost, bastionOptions(bastion, spec))]),
  ];
  await writeFile(configFile(spec), blocks.join(''), { mode: 0o600 });
};

/** What every ssh is called with, in the folder of its machine: the same words for every build. */
export const sshArgs = ['-F', 'ssh_config'] as const;

/** The host, as ssh is asked for it. Where that is and who logs in there is in the file. */
export const sshHost = 'guest';

const bastionHost = 'bastion';

const bastionCommand = `env SSH_ASKPASS=${askpassOf('bastion')} ssh ${sshArgs.join(' ')} -W [%h]:%p ${bastionHost}`;

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
