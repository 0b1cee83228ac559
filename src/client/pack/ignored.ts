import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { ignoredBy, ignoreFile, type Ignored } from '../../base/file/ignored.ts';

const largestFile = 1024 * 1024;

/** Reads the rules of a folder. */
export const readIgnored = async (folder: string): Promise<Ignored> => {
  const path = join(folder, ignoreFile);
  const facts = await unlessErrno(stat(path), 'ENOENT');
  if (facts?.isFile() === false) throw new Fault('context_invalid', `${path} is no file: it is to hold the patterns of what is left out.`); // prettier-ignore
  if (facts !== undefined && facts.size > largestFile)
    throw new Fault('too_large', `${path} has ${facts.size} bytes, and at most ${largestFile} are read.`);
  return ignoredBy(facts === undefined ? '' : await readFile(path, 'utf8'));
};
