import { getSystemErrorMap } from 'node:util';

const knownBy = (error: Error): readonly [name: string, words: string] | undefined =>
  'errno' in error && typeof error.errno === 'number' ? getSystemErrorMap().get(error.errno) : undefined;

/** Why the system refused something: `no such file or directory (ENOENT)`. The message of any other error. */
export const systemReason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const known = knownBy(error);
  return known === undefined ? error.message : `${known[1]} (${known[0]})`;
};

/** An error of the system as a sentence, with the file that it is about; undefined for any other error. */
export const systemSentence = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || knownBy(error) === undefined) return undefined;
  const what = 'path' in error && typeof error.path === 'string' ? `${error.path} cannot be used` : 'This host refuses';
  const call = 'syscall' in error && typeof error.syscall === 'string' ? ` at ${error.syscall}` : '';
  return `${what}: ${systemReason(error)}${call}.`;
};
