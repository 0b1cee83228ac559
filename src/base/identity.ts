import { Fault } from './fault.ts';
import { runProgram } from './program.ts';

/** A user of this host, as the kernel knows it. */
export type Identity = { readonly uid: number; readonly gid: number };

/**
 * The user of this name, by id(1), which asks whatever the host keeps its users in; a number is user and group of that
 * number, even if no such user exists. Undefined: there is no such user.
 */
export const identityOf = async (user: string | number, signal: AbortSignal): Promise<Identity | undefined> => {
  if (typeof user === 'number') return { uid: user, gid: user };
  const ask = async (which: '-u' | '-g') => {
    const { stdout, exitCode } = await runProgram('id', [which, user], { signal, accept: 'any' });
    if (exitCode !== 0) return undefined;
    const number = /^(\d+)\n$/.exec(stdout)?.[1];
    if (number === undefined)
      throw new Fault('program_failed', `id ${which} ${user} did not print a number.`, { saw: stdout });
    return Number(number);
  };
  const [uid, gid] = await Promise.all([ask('-u'), ask('-g')]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
};
