import { connect, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { visible } from '../../base/text/visible.ts';
import { deferred, orAborted } from '../../base/waiting.ts';

/**
 * Connections are begun one after the other, without waiting for those before: a port that is forwarded to a guest takes
 * a connection at once, and what was begun before the guest's network was up hears of it late, if ever. OpenSSH counts
 * who leaves without having logged in (sshd_config(5), PerSourcePenalties: 1 s each, from 15 s on), so they are few.
 */
const firstPauseMs = 150;
const pauseGrowth = 1.15;
const mostPauseMs = 2500;
const mostAtOnce = 4;

// A server may say other lines before its version (RFC 4253, 4.2); what says so much without one is none.
const longestGreeting = 4096;
const longestShown = 80;

const version = /^SSH-[\x20-\x7e]*/m;

const closed = 'the connection was closed before an ssh server spoke';

const wordsOf: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: closed,
};

const greetingShown = (said: string): string =>
  JSON.stringify(visible(said.split('\n')[0] ?? '').slice(0, longestShown));

/** One connection: resolves with the server's version, or never; tells how far it came. */
const ask = (
  at: { host: string; port: number },
  onVersion: (text: string) => void,
  onSeen: (what: string) => void,
): Socket => {
  let said = '';
  const socket = connect({ ...at, noDelay: true });
  socket.once('connect', () => onSeen('the connection was taken, but no ssh server spoke'));
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
    const [found] = version.exec(said) ?? [];
    if (found !== undefined) onVersion(found);
    else if (said.length > longestGreeting) socket.destroy();
  });
  socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => onSeen(wordsOf[code] ?? `the connection failed: ${message}`)); // prettier-ignore
  socket.once('end', () => {
    onSeen(said === '' ? closed : `what spoke is no ssh server: ${greetingShown(said)}`); // prettier-ignore
  });
  return socket;
};

/**
 * Waits until an ssh server speaks at this address, and gives its version line (`SSH-2.0-...`). `onSeen` is told what each
 * connection met. Rejects with the signal's reason.
 */
export const awaitBanner = async (
  at: { readonly host: string; readonly port: number },
  { clock, onSeen }: { readonly clock: Clock; readonly onSeen: (what: string) => void },
  signal: AbortSignal,
): Promise<string> => {
  const found = deferred<string>();
  const over = new AbortController();
  const open: Socket[] = [];
  const asking = async () => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * pauseGrowth, mostPauseMs)) {
      open.push(ask({ host: at.host, port: at.port }, found.resolve, onSeen));
      if (open.length > mostAtOnce) open.shift()?.destroy();
      await clock.sleep(pauseMs, over.signal);
    }
  };
  try {
    return await Promise.race([orAborted(found.promise, signal), asking()]);
  } finally {
    over.abort(new Error('a server has spoken, or the wait is over'));
    for (const socket of open) socket.destroy();
  }
};
