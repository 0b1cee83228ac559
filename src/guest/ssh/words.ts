import { Fault, type FaultCode, type FaultFacts } from '../../base/fault.ts';
import { anyOf } from '../../base/text/nearest.ts';
import { killedBy } from './killed-by.ts';
import type { Credentials, SshSpec } from '../types.ts';

// How far a login came, by what `ssh -v` prints; the words have been the same for more than ten years.
const stages = [
  { mark: /^debug1: Connecting to /, reached: 'nothing took the connection' },
  { mark: /^debug1: Connection established/, reached: 'the connection was taken, but no ssh server spoke' },
  { mark: /^debug1: Remote protocol version/, reached: 'an ssh server spoke, but the key exchange did not end' },
  { mark: /^debug1: SSH2_MSG_NEWKEYS received/, reached: 'keys were exchanged, but the login did not end' },
] as const;

const speaking = 2;

const chatter =
  /^(debug\d|OpenSSH_|Authenticated to |Authentication succeeded|Transferred: |Bytes per second: |Warning: Perm|@{9})/;

// A server's banner comes on the same stream, before the login: what ssh says itself is a whole line of this form, and the host
// key is judged before any banner can come.
const keyJudged = /^(?:Host key verification failed\.|@\s+WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\s+@)$/;
const loginDenied =
  /^(?:\S+: )?Permission denied \(\S*\)\.$|^Received disconnect from .*: Too many authentication failures$/;

const exchanged = 3;

const linesKept = 12;
const longestKept = 500;

type At = Pick<SshSpec, 'host' | 'port' | 'guestPort'>;

/** Where the guest's server is, for people: a port that is forwarded is not the one that it listens at. */
const placeOf = ({ host, port, guestPort = port }: At): string =>
  guestPort === port ? `${host}:${port}` : `port ${guestPort} of the guest (${host}:${port} here)`;

/** What a login waits for, for people. */
export const expectedOf = ({ username, ...at }: At & Pick<SshSpec, 'username'>): string =>
  `a login by ssh as ${username} at ${placeOf(at)}`;

/** What ssh(1) says on stderr in one attempt, and what follows from it. */
export type SshWords = {
  readonly hear: (line: string) => void;
  /** An ssh server has spoken. */
  readonly hasSpoken: () => boolean;
  /** How far it came. */
  readonly reached: () => string;
  /** The last of what was meant for people. */
  readonly last: () => string;
  /** Why an ssh that ended with this exit code, without having logged in, did not. */
  readonly faultOf: (exitCode: number) => Fault;
  /** The guest cannot be reached as yet, for this reason. */
  readonly unreachable: (why: string) => Fault;
  /** The same before ssh was asked: this is what a connection to its port met. */
  readonly notYet: (what: string) => Fault;
};

/** What a login showed, beside the build's key. */
const shownBy = ({ privateKey, password }: Credentials): readonly string[] => [
  ...(privateKey === undefined ? [] : ['the private key of the template']),
  ...(password === undefined ? [] : ['the password of the template']),
];

const denied = ({ username, credentials = {} }: SshSpec, place: string): string => {
  const more = shownBy(credentials);
  const shown = ['the key of this build', ...more];
  const advice =
    more.length === 0
      ? `Its public key has to be in ${username}'s authorized_keys, and sshd has to allow the login.`
      : `One of them has to be ${username}'s, and sshd has to allow such a login.`;
  return `The guest at ${place} does not let ${username} in with ${anyOf(shown)}. ${advice}`;
};

const deniedByBastion = ({ bastion }: SshSpec): string =>
  bastion === undefined
    ? 'The login was denied before an ssh server spoke.'
    : `The bastion ${bastion.host}:${bastion.port} does not let ${bastion.username} in with ${anyOf(shownBy(bastion))}.`;

export const makeSshWords = (spec: SshSpec): SshWords => {
  const { host, port, username, knownHostsFile } = spec;
  const place = placeOf(spec);
  const said: string[] = [];
  let stage = 0;
  const last = () => said.join('\n');
  const reached = () => stages[stage]?.reached ?? '';
  const fault = (code: FaultCode, message: string, facts: FaultFacts = {}) =>
    new Fault(code, message, {
      expected: expectedOf(spec),
      saw: [reached(), ...said.slice(-1)].join('; '),
      ...{ host, port, reached: reached(), stderr: last() },
      ...facts,
    });
  const unreachable = (why: string) => fault('ssh_unreachable', `${username} at ${place}: ${why}`);
  return {
    hear: (line) => {
      const reached = stages.findIndex(({ mark }) => mark.test(line));
      stage = Math.max(stage, reached);
      if (chatter.test(line) || line.trim() === '') return;
      said.push(line.trim().slice(0, longestKept));
      if (said.length > linesKept) said.shift();
    },
    hasSpoken: () => stage >= speaking,
    reached,
    last,
    unreachable,
    notYet: (what) => fault('ssh_unreachable', `${username} at ${place}: ${what}`, { saw: what, reached: what }),
    faultOf: (exitCode) => {
      if (exitCode === 127)
        return fault('program_missing', 'ssh was not found. Install the OpenSSH client.', { program: 'ssh' });
      if (stage < exchanged && said.some((line) => keyJudged.test(line)))
        return fault(
          'host_key_changed',
          `The guest at ${place} does not show the host key that this build learnt when it first logged in.`,
          {
            expected: `the key in ${knownHostsFile}`,
            saw: /SHA256:[\w+/]+/.exec(last())?.[0] ?? 'another key',
          },
        );
      if (said.some((line) => loginDenied.test(line)))
        return fault('ssh_denied', stage < speaking ? deniedByBastion(spec) : denied(spec, place));
      const signal = killedBy(exitCode);
      if (signal !== undefined) return unreachable(`ssh was killed by ${signal}`);
      return unreachable(said.at(-1) ?? `ssh ended with exit code ${exitCode}`);
    },
  };
};
