import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { isPasswordKey } from '../passwords/forms.ts';
import { judgePublicKey } from '../public-key.ts';
import type { InstallerFacts } from './facts.ts';
import type { Reply, Talk } from './talk.ts';
import type { InstallerLine } from './lines.ts';

const questions = {
  terminal: 'Terminal type?',
  hostname: "System hostname? (short form, e.g. 'foo')",
  rootPassword: 'Password for root account?',
  rootKey: 'Public ssh key for root account?',
  sshd: 'Start sshd(8) by default?',
  x: 'Do you expect to run the X Window System?',
  xenodm: 'Do you want the X Window System to be started by xenodm(1)?',
  console: 'Change the default console to com0?',
  speed: 'Which speed should com0 use?',
  user: "Setup a user? (enter a lower-case loginname, or 'no')",
  reallyUser: "No really, what is the lower-case loginname, or 'no'?",
  fullName: (user: string) => `Full name for user ${user}?`,
  userPassword: (user: string) => `Password for user ${user}?`,
  userKey: (user: string) => `Public ssh key for user ${user}`,
  rootLogin: 'Allow root ssh login? (yes, no, prohibit-password)',
};

const speeds = ['9600', '19200', '38400', '57600', '115200'];
const reserved = ['root', 'daemon', 'operator', 'bin', 'build', 'sshd', 'www', 'nobody', 'ftp'];

const mostRounds = 20;

const judgeBy = (reply: Reply, talk: Talk, judge: (value: string) => void) => {
  if (!reply.isSure) return;
  try {
    judge(reply.value);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    talk.refuse(reply, error.message);
  }
};

const judgeKey = (value: string) => {
  if (value !== 'none') judgePublicKey(value);
};

/** What a terminal asks first. */
export const askTerminal = (talk: Talk): void => {
  talk.ask(questions.terminal, 'vt220');
};

/** The system's name; undefined when it is not known yet. The installer has none but what DHCP tells. */
export const askHostname = (talk: Talk, { lease }: InstallerFacts): string | undefined => {
  const reply = talk.ask(questions.hostname, lease.hostname === true ? 'the one that DHCP tells' : undefined);
  if (!reply.isSure || reply.line === undefined) return undefined;

  if (/[\s\u0000-\u001f\u007f]/.test(reply.value))
    talk.refuse(reply, `${quoted(reply.value)} cannot be a host name: it holds a blank`);
  return reply.value.split('.')[0];
};

/** Only a line that says that it is a password is treated as one wherever a template is kept. */
const askPassword = (question: string, talk: Talk, lines: readonly InstallerLine[]) => {
  const reply = talk.ask(question);
  const key = reply.line === undefined ? undefined : lines[reply.line]?.key;
  if (key !== undefined && !isPasswordKey(key))
    talk.refuse(reply, `answers the question ${quoted(question)}: it must hold the word "Password"`);
};

export const askRoot = (talk: Talk, lines: readonly InstallerLine[]): void => {
  askPassword(questions.rootPassword, talk, lines);
  judgeBy(talk.ask(questions.rootKey, 'none'), talk, judgeKey);
};

/** Services and the console. Gives whether sshd is to run and whether the installed system speaks on the serial line. */
export const askServices = (talk: Talk): { readonly sshd: boolean | undefined; readonly isSerial: boolean } => {
  const sshd = talk.askYes(questions.sshd, 'yes');
  talk.skip('on a machine without a display', questions.x, questions.xenodm);
  const isSerial = talk.askYes(questions.console, 'yes');
  if (isSerial === false) {
    talk.skip('when "Change the default console to com0" is "no"', questions.speed);
    return { sshd, isSerial: false };
  }
  const speed = talk.ask(questions.speed, '115200');
  if (speed.isSure && ![...speeds, 'done'].includes(speed.value))
    talk.refuse(speed, `${quoted(speed.value)} is not a speed that can be chosen: ${speeds.join(', ')}`);
  return { sshd, isSerial: speed.value !== 'done' };
};

const loginName = (talk: Talk): string | undefined => {
  let question = questions.user;
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(question, 'no');
    if (reply.isOpen) {
      talk.doubt();
      return undefined;
    }
    const { value } = reply;
    if (value === 'n' || value === 'no') return undefined;
    if (value === 'y' || value === 'yes') question = questions.reallyUser;
    else {
      if (!/^[a-z][a-z0-9_-]{0,30}$/.test(value) || reserved.includes(value))
        talk.refuse(
          reply,
          `${quoted(value)} cannot be the name of a first user: a small letter, then small letters, digits, _ and -, at most 31, and no name of the system's own`,
        );
      return value;
    }
  }
  return undefined;
};

/** The first user; undefined when there is none. */
export const askUser = (talk: Talk, lines: readonly InstallerLine[]): string | undefined => {
  const user = loginName(talk);
  if (user === undefined) {
    const { fullName, userPassword, userKey } = questions;
    talk.skip('when "Setup a user" is "no"', fullName('X'), userPassword('X'), userKey('X'), questions.reallyUser);
    return undefined;
  }
  const name = talk.ask(questions.fullName(user), user);
  if (name.isSure && /[:&,]/.test(name.value)) talk.refuse(name, 'holds ":", "&" or ","');
  if (name.isSure && name.value.length > 100) talk.refuse(name, 'has more than 100 characters');
  askPassword(questions.userPassword(user), talk, lines);
  judgeBy(talk.ask(questions.userKey(user), 'none'), talk, judgeKey);
  return user;
};

const rootLogins = ['yes', 'no', 'prohibit-password', 'y', 'n', 'p', 'w', 'without-password'];

export const askRootLogin = (talk: Talk, sshd: boolean | undefined): void => {
  if (sshd === false) {
    talk.skip('when "Start sshd(8) by default" is "no"', questions.rootLogin);
    return;
  }
  const reply = talk.ask(questions.rootLogin, 'no');
  if (reply.isSure && !rootLogins.includes(reply.value.toLowerCase()))
    talk.refuse(reply, `${quoted(reply.value)} must be "yes", "no" or "prohibit-password"`);
};
