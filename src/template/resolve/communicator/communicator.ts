import { ParseError } from '../../../base/text/parse-error.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { durationOf } from '../../../base/units.ts';
import type { Communicator } from '../../document/communicator.ts';
import type { Spec, SshLogin } from '../../spec.ts';
import { resolveConsoleLogin } from './console.ts';
import { resolveProofs, type ProofParts } from './proofs.ts';

const usernameOf = (raw: number | string): string => {
  const name = String(raw);
  // It stands in ssh's configuration, so it must never look like an option.
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(name)) return name;
  throw new ParseError(`${quoted(name)} is not a name that can log in: letters, digits and _ . @ -`);
};

const hostOf = (raw: number | string): string => {
  const name = String(raw);
  if (/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/.test(name)) return name;
  throw new ParseError(`${quoted(name)} is not a name or an address of a host`);
};

const leastPauseMs = -1_000_000_000;

const resolveBastion = async ({ bastion }: Communicator, parts: ProofParts): Promise<Pick<SshLogin, 'bastion'>> => {
  if (bastion === undefined) return {};
  const at = '/communicator/bastion';
  const host = parts.fields.made(`${at}/host`, bastion.host, '', hostOf);
  const { bastions } = parts.host ?? {};
  const isNamed = bastions?.some((one) => one.host === host.toLowerCase() && one.port === bastion.port) ?? true;
  // Else a template could have this host knock at any door of the network around it.
  if (host !== '' && !isNamed)
    parts.wrong.add(
      `${at}/host`,
      `is ${quoted(host)}, and builds of this host do not log in through that at port ${bastion.port}: its administrator lists bastions under [communicator] of the configuration`,
    );
  return {
    bastion: {
      host,
      port: bastion.port,
      username: parts.fields.made(`${at}/username`, bastion.username, '', usernameOf),
      ...(await resolveProofs(bastion, at, parts)),
    },
  };
};

/** How the build logs in; undefined: it does not. */
export const resolveCommunicator = async (
  asked: Communicator | undefined,
  parts: ProofParts,
): Promise<Spec['communicator']> => {
  if (asked === undefined || asked.type === 'none') return undefined;
  return asked.type === 'console' ? resolveConsoleLogin(asked, parts) : resolveSshLogin(asked, parts);
};

const resolveSshLogin = async (asked: Communicator, parts: ProofParts): Promise<SshLogin> => {
  const { port, pty, handshake_attempts: handshakeAttempts } = asked;
  const { fields } = parts;
  const duration = (key: keyof Communicator, raw: number | string, leastMs: number) =>
    fields.made(`/communicator/${key}`, raw, 1, (time) => Math.max(0, durationOf(time, leastMs)));
  const { keep_alive: keepAlive, read_write_timeout: silence, pause_before_connecting: pause = 0 } = asked;
  return {
    type: 'ssh',
    port,
    username: fields.made('/communicator/username', asked.username, '', usernameOf),
    timeoutMs: duration('timeout', asked.timeout, 1),
    ...(await resolveProofs(asked, '/communicator', parts)),
    ...(await resolveBastion(asked, parts)),
    ...(handshakeAttempts === undefined ? {} : { handshakeAttempts }),
    ...(keepAlive === undefined ? {} : { keepAliveMs: duration('keep_alive', keepAlive, leastPauseMs) }),
    ...(silence === undefined ? {} : { readWriteTimeoutMs: duration('read_write_timeout', silence, 1) }),
    pauseBeforeConnectingMs: duration('pause_before_connecting', pause, leastPauseMs),
    ...(pty ? { pty } : {}),
    keepsKey: asked.keep_key,
  };
};
