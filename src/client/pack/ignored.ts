import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ignore from 'ignore';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';

/** The file at the top of a folder that says what of it is not sent, in the form of gitignore(5). */
export const ignoreFile = '.imagedignore';

const largestFile = 1024 * 1024;

/** Says of a path, relative and with a slash at the end where it is a folder's, whether it is not sent. */
export type Ignored = (path: string) => boolean;

/** Reads the rules of a folder. Git's own folder is left out unless they say otherwise, and they are left out themselves. */
export const readIgnored = async (folder: string): Promise<Ignored> => {
  const path = join(folder, ignoreFile);
  const facts = await unlessErrno(stat(path), 'ENOENT');
  if (facts !== undefined && facts.size > largestFile)
    throw new Fault('too_large', `${path} has ${facts.size} bytes, and at most ${largestFile} are read.`);
  const rules = facts === undefined ? '' : await readFile(path, 'utf8');
  // Git tells capital letters from small ones wherever the file system does.
  const matcher = ignore({ ignorecase: false }).add('.git/').add(rules).add(`/${ignoreFile}`);
  return (one) => matcher.ignores(one);
};
