import type { LineError } from './field-errors.ts';
import { isKnown, namesEndpoint, placeholderFor } from './lines.ts';
import { quoted } from '../../base/text/nearest.ts';
import type { InstallerAsked } from './talk.ts';
import type { Walk } from './walk.ts';

const isWord = (answer: string | undefined, ...words: readonly string[]): boolean =>
  answer !== undefined && words.includes(answer.toLowerCase());

const toDo = {
  sshd: 'answer "yes", or leave "communicator" out',
  root: 'answer "prohibit-password", or log in as the user that is set up',
  key: 'answer {{ ssh_public_key }}, the key that is made for the build',
};

// A mirror of OpenBSD's own list, by name or by its line in it, has no site sets. Without an answer nothing is installed.
const isOfficial = (server: string): boolean => /^(?:|\d+|(?:.*[./])?openbsd\.org)$/.test(server);

/** Sets that nothing is known of, such as another server's: site sets of a host are taken without a word. */
const mayHoldSiteSets = ({ asked, sets }: Walk): boolean => {
  if (sets.some((name) => name.startsWith('site'))) return true;
  return asked.some(({ question, answer = '' }) => {
    if (question.startsWith('HTTP Server?')) return !namesEndpoint(answer) && !isOfficial(answer);
    return question.startsWith('Is the disk partition already') || question.startsWith('Filesystem on server');
  });
};

const troublesOf = (asked: readonly InstallerAsked[], username: string): readonly LineError[] => {
  const about = (question: string) => asked.find((one) => one.question.startsWith(question));
  const told = (one: InstallerAsked, message: string): readonly LineError[] => [
    { line: one.line, message: `${one.line === undefined ? `${quoted(one.question)} ` : ''}${message}` },
  ];
  const login = `the build logs in as ${quoted(username)} by ssh (see /communicator)`;

  const sshd = about('Start sshd(8)');
  if (sshd !== undefined && isWord(sshd.answer, 'n', 'no'))
    return told(sshd, `is answered by "no", and ${login}: nothing would listen; ${toDo.sshd}`);

  const user = about('Setup a user?');
  if (username !== 'root' && user?.answer !== undefined && isKnown(user.answer)) {
    const isSetUp = asked.some(({ question }) => question === `Password for user ${username}?`);
    if (!isSetUp)
      return told(user, `is answered by ${quoted(user.answer)}, and ${login}: there would be no such user; answer ${quoted(username)}`); // prettier-ignore
  }
  const root = about('Allow root ssh login?');
  if (username === 'root' && root !== undefined && isWord(root.answer, 'n', 'no'))
    return told(root, `is answered by "no", and ${login}: ${toDo.root}`);

  const key = about(username === 'root' ? 'Public ssh key for root' : `Public ssh key for user ${username}`);
  const isOurs = key?.answer?.includes(placeholderFor('ssh_public_key')) === true;
  if (key?.answer !== undefined && !isOurs && isKnown(key.answer))
    return told(key, `has not the key of this build, and ${login}: ${toDo.key}`);
  return [];
};

/**
 * Why a build could never log in to what is installed, by the index of the line to blame (undefined: the installer's own
 * default), but for lines of which an error is told already. `isSure` is false where a site set could still change it.
 */
export const judgeLogin = (
  walk: Walk,
  mode: 'install' | 'upgrade',
  username: string | undefined,
  errors: readonly LineError[],
): { readonly told: readonly LineError[]; readonly isSure: boolean } => {
  // An upgrade leaves users, keys and services as they are.
  if (username === undefined || mode === 'upgrade' || walk.isDoubtful) return { told: [], isSure: true };
  const isTold = (line: number | undefined) => line !== undefined && errors.some((error) => error.line === line);
  const told = troublesOf(walk.asked, username).filter(({ line }) => !isTold(line));
  return { told, isSure: !mayHoldSiteSets(walk) };
};
