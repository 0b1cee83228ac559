import { readFile, rm } from 'node:fs/promises';
import { runProgram } from '../../base/program.ts';
import { keyFileIn } from './files.ts';
import type { SshKey } from '../types.ts';

/** Makes an Ed25519 key pair in the folder, in place of one that is there. Throws `program_missing`, `program_failed`. */
export const makeSshKey = async (folder: string, signal: AbortSignal): Promise<SshKey> => {
  const privateFile = keyFileIn(folder);
  // ssh-keygen asks before it overwrites, and would wait for an answer.
  await Promise.all([rm(privateFile, { force: true }), rm(`${privateFile}.pub`, { force: true })]);
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'imaged', '-f', privateFile], { signal });
  return { privateFile, publicKey: (await readFile(`${privateFile}.pub`, 'utf8')).trim() };
};
