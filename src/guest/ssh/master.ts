import type { Clock } from '../../base/clock.ts';
import { runProgram } from '../../base/program.ts';
import { deferred } from '../../base/waiting.ts';
import { askpassEnvironment } from './credentials.ts';
import { killedBy } from './killed-by.ts';
import { makeResettableDeadline } from './resettable-deadline.ts';
import { sshArgs, sshHost } from './options.ts';
import type { SshWords } from './words.ts';
import type { SshSpec } from '../types.ts';

/** One connection to the guest, over which any number of commands run. Disposing it waits until its ssh is gone. */
export type SshMaster = AsyncDisposable & {
  /** The last that ssh said about the connection: why it ended, if it has. */
  readonly lastWords: () => string;
  /** Resolves when its ssh has gone: to the signal that killed it, if one did. */
  readonly gone: Promise<string | undefined>;
};

// ssh in the background, and beside it a reader of the pipe that imaged holds open. However imaged ends, kill -9 and all,
// the pipe ends with it, and the reader takes ssh along: nothing is left that still talks to the guest. It may be told to
// end at any moment: before it knows the number of its ssh, and before that has become more than a copy of the shell, which
// would take any other signal for the shell's own.
const guard = `
exec 3<&0 </dev/null
ssh= told=
trap 'told=yes; [ -z "$ssh" ] || kill -KILL "$ssh"' TERM
"$@" 3<&- & ssh=$!
[ -z "$told" ] || kill -KILL "$ssh"
{ read -r _ <&3; kill "$ssh"; } >/dev/null 2>&1 & reader=$!
wait "$ssh"; status=$?
[ -z "$told" ] || { wait "$ssh"; status=$?; }
trap : TERM
kill "$reader" 2>/dev/null
wait "$reader" 2>/dev/null
exit "$status"
`;

const ready = 'imaged-is-logged-in';

// Once a server has spoken it is alive, however slow the machine under it may be.
const spokenMs = 30_000;

const masterArgs = [
  ...[...sshArgs, '-v', '-N', '-T', '-o', 'ControlMaster=yes', '-o', `ConnectTimeout=${spokenMs / 1000}`],
  ...['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=echo ${ready}`, sshHost],
];

/**
 * One attempt to log in. A forwarded port takes the connection even where no server listens in the guest, so `silentMs` is
 * how long the guest may say nothing; once it has spoken, it has half a minute. Throws `ssh_unreachable` (which may pass),
 * `ssh_denied`, `host_key_changed`, `program_missing`, or the signal's reason.
 */
export const openMaster = async (
  spec: SshSpec,
  words: SshWords,
  silentMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<SshMaster> => {
  const life = new AbortController();
  const loggedIn = deferred<void>();
  using deadline = makeResettableDeadline(clock, signal, (ms) =>
    words.unreachable(`${words.reached()} within ${ms} ms`),
  );
  deadline.signal.addEventListener('abort', () => life.abort(deadline.signal.reason), { once: true });
  deadline.within(silentMs);

  const ending = runProgram('/bin/sh', ['-c', guard, 'sh', 'ssh', ...masterArgs], {
    cwd: spec.folder,
    env: askpassEnvironment(spec),
    signal: life.signal,
    input: { held: true },
    accept: 'any',
    onLines: (lines, stream) => {
      if (stream === 'stdout' && lines.includes(ready)) loggedIn.resolve();
      if (stream === 'stdout') return;
      const hadSpoken = words.hasSpoken();
      lines.forEach(words.hear);
      if (!hadSpoken && words.hasSpoken()) deadline.within(spokenMs);
    },
  });
  const gone = ending.then(
    ({ exitCode }) => killedBy(exitCode),
    () => undefined,
  );
  const refused = ending.then(({ exitCode }) => {
    throw words.faultOf(exitCode);
  });
  await Promise.race([loggedIn.promise, refused]);
  return {
    lastWords: words.last,
    gone,
    async [Symbol.asyncDispose]() {
      life.abort(new Error('The connection was let go'));
      await gone;
    },
  };
};
