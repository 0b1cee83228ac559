/** Namespaces of Linux for what a template runs on the host (user_namespaces(7), pid_namespaces(7)). */

import type { Identity } from '../../base/identity.ts';
import { runProgram } from '../../base/program.ts';

const unshare = '/usr/bin/unshare';

// The first process of a namespace takes all others along when it ends, whatever session they have put themselves into. It
// looks after their ends, as init(8) does, which a program of a template may not know how to.
const init = '"$@" & wait "$!"';

const argsOf = (shown: Identity): readonly string[] => [
  ...['--user', `--map-user=${shown.uid}`, `--map-group=${shown.gid}`],
  ...['--pid', '--fork', '--kill-child', '--'],
];

/** The command in namespaces of its own, where its user is seen as `shown`; it is killed with unshare(1) itself. */
export const inNamespace = (words: readonly string[], shown: Identity): readonly string[] => [
  ...[unshare, ...argsOf(shown)],
  ...['/bin/sh', '-c', init, 'sh', ...words],
];

/** Whether the kernel gives this user such namespaces: some configurations and most containers do not. */
export const hasNamespaces = async (user: Identity | undefined, shown: Identity): Promise<boolean> => {
  if (process.platform !== 'linux') return false;
  const { signal } = new AbortController();
  const as = user === undefined ? {} : { as: user };
  const tried = runProgram(unshare, [...argsOf(shown), '/bin/true'], { ...as, signal, cwd: '/', accept: 'any' });
  return tried.then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
};
