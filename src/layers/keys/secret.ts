import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { writeWhole } from '../../base/file/write-whole.ts';

const bytes = 32;

/**
 * The secret that keys are made with, from its file; it is made where it is not there. Another secret gives other keys: then
 * nothing that was kept is found, and nothing is lost but time.
 */
export const keySecret = async (file: string): Promise<Uint8Array> => {
  const kept = Buffer.from((await unlessErrno(readFile(file, 'latin1'), 'ENOENT')) ?? '', 'hex');
  if (kept.length === bytes) return kept;
  const made = randomBytes(bytes);
  await writeWhole(file, `${made.toString('hex')}\n`, { mode: 0o600 });
  return made;
};
