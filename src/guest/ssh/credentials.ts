import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials, SshSpec } from '../types.ts';

/** Whose credentials a file holds. */
export type Owner = 'login' | 'bastion';

type Part = 'key' | 'certificate' | 'password' | 'askpass';

/** The file of a part, by its name in the folder in which ssh runs. */
export const fileOf = (who: Owner, part: Part): string => `${who}_${part}`;

/** The program that ssh asks for a password (ssh(1), SSH_ASKPASS): it prints the file, so that no environment holds the text. */
export const askpassOf = (who: Owner): string => `./${fileOf(who, 'askpass')}`;

const parts: readonly Part[] = ['key', 'certificate', 'password', 'askpass'];

const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

const write = async (folder: string, who: Owner, { privateKey, certificate, password }: Credentials): Promise<void> => {
  const put = (part: Part, text: string, mode = 0o600) => writeFile(join(folder, fileOf(who, part)), text, { mode });
  if (privateKey !== undefined) await put('key', line(privateKey));
  if (certificate !== undefined) await put('certificate', line(certificate));
  if (password === undefined) return;
  await put('password', line(password));
  await put('askpass', `#!/bin/sh\nexec cat ${fileOf(who, 'password')}\n`, 0o700);
};

/** Writes what the logins need into the folder in which ssh runs, for the owner's eyes. */
export const writeCredentials = async ({ folder, credentials = {}, bastion }: SshSpec): Promise<void> => {
  await write(folder, 'login', credentials);
  if (bastion !== undefined) await write(folder, 'bastion', bastion);
};

/** Removes them all. */
export const removeCredentials = async ({ folder }: Pick<SshSpec, 'folder'>): Promise<void> => {
  for (const who of ['login', 'bastion'] as const)
    for (const part of parts) await rm(join(folder, fileOf(who, part)), { force: true });
};

/** The environment of an ssh that may be asked for a password: names alone. Releases before 8.4 ask only where there is a display. */
export const askpassEnvironment = ({ credentials, bastion }: SshSpec): Readonly<Record<string, string>> =>
  credentials?.password === undefined && bastion?.password === undefined
    ? {}
    : { SSH_ASKPASS: askpassOf('login'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: 'none' };
