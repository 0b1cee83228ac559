import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';

/** How imaged shows who it is, and how the server does. */
export type SftpLogin = {
  readonly username: string;
  /** A key of OpenSSH's without a passphrase, as a text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA...`: the public key of the server. */
  readonly hostKey: string;
};

/** What a public key of a server looks like (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), without its comment. */
export const hostKeyShape = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]{40,2000}={0,2}$/;

/** Who may log in somewhere, as ssh's configuration can hold it. */
export const usernameShape = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** What the server is called in the files of ssh, whatever its name. */
export const destinationName = 'destination';

// Both were judged with the template. Here they would become lines of their own, so they are looked at once more.
const fit = (text: string, shape: RegExp): string => {
  if (shape.test(text)) return text;
  throw new Fault('template_invalid', `${JSON.stringify(text)} cannot stand in ssh's configuration.`);
};

/**
 * Writes what ssh reads into a folder of its own (ssh_config(5)): nothing of the host's own configuration, keys or agent,
 * and the server's key pinned. All names in it are relative to that folder.
 */
export const writeSftpLogin = async (folder: string, login: SftpLogin): Promise<void> => {
  const only = { mode: 0o600, flag: 'wx' };
  await writeFile(join(folder, 'key'), `${login.privateKey.trimEnd()}\n`, only);
  await writeFile(join(folder, 'known_hosts'), `${destinationName} ${fit(login.hostKey, hostKeyShape)}\n`, only);
};

const lines = (username: string, port: number, silentMs: number): readonly string[] => [
  `Host ${destinationName}`,
  'HostName 127.0.0.1',
  `Port ${port}`,
  `User ${fit(username, usernameShape)}`,
  'IdentityFile key',
  ...['IdentitiesOnly yes', 'IdentityAgent none', 'BatchMode yes', 'PreferredAuthentications publickey'],
  ...['UserKnownHostsFile known_hosts', 'GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes'],
  ...[`HostKeyAlias ${destinationName}`, 'CheckHostIP no', 'UpdateHostKeys no', 'ControlMaster no'],
  `ConnectTimeout ${Math.ceil(silentMs / 1000)}`,
  `ServerAliveInterval ${Math.ceil(silentMs / 4000)}`,
  'ServerAliveCountMax 3',
];

/** Writes where the server is reached this time. */
export const writeSftpConfig = (folder: string, { username }: SftpLogin, port: number, silentMs: number) =>
  writeFile(join(folder, 'ssh_config'), `${lines(username, port, silentMs).join('\n')}\n`, { mode: 0o600 });
