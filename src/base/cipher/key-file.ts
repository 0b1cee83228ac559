import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, isErrno } from '../errno.ts';
import { Fault } from '../fault.ts';
import { keyBytes, keyOf, type CipherKey } from './cipher.ts';

const head = `# The key with which imaged encrypts what is secret in its store. Without this file that cannot be read any more:
# keep a copy of it, and not beside the copies of the store.
`;

const oneLine = /^[A-Za-z0-9+/]{43}=$/;

const unusable = (file: string, why: string, cause?: unknown): Fault =>
  new Fault('configuration_invalid', `The key file ${file} ${why}`, { file }, { cause });

const keysIn = (text: string, file: string): readonly CipherKey[] => {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || !lines.every((line) => oneLine.test(line)))
    throw unusable(
      file,
      `is no key file: a line with the base64 of ${keyBytes} bytes was due. Restore it from its copy.`,
    );
  return lines.map((line) => keyOf(Buffer.from(line, 'base64')));
};

/**
 * The keys of a key file, the newest first; undefined when there is none. Throws `configuration_invalid` for one that
 * others than its owner may read, that cannot be read, or that holds something else.
 */
export const readKeyFile = (file: string): readonly CipherKey[] | undefined => {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    const why = `cannot be read (${errnoOf(error) ?? String(error)}). Give it to the user that runs imaged, with mode 0600.`;
    throw unusable(file, why, error);
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw unusable(file, 'is no file. Name another in imaged.conf, at secrets.key_file.');
    const mode = facts.mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw unusable(
        file,
        `has mode 0${mode.toString(8)}, so that others can read or change it. Run: chmod 600 ${file} and, if others may have read it, imaged secrets rotate`,
      );
    return keysIn(readFileSync(descriptor, 'latin1'), file);
  } finally {
    closeSync(descriptor);
  }
};

const syncFolderNow = (folder: string): void => {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Writes a key file whole or not at all, for its owner alone. Not `writeWhole`: a store opens without waiting, as SQLite does. */
export const writeKeyFile = (file: string, keys: readonly CipherKey[]): void => {
  const aside = `${file}.new`;
  try {
    rmSync(aside, { force: true });
    const descriptor = openSync(aside, 'wx', 0o600);
    try {
      fchmodSync(descriptor, 0o600);
      writeSync(descriptor, head + keys.map(({ bytes }) => `${Buffer.from(bytes).toString('base64')}\n`).join(''));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, file);
    syncFolderNow(dirname(file));
  } catch (error) {
    const why = `cannot be written (${errnoOf(error) ?? String(error)}). Make its folder, and give it to the user that runs imaged.`;
    throw unusable(file, why, error);
  }
};
