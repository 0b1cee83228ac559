import { systemClock } from '../../base/clock.ts';
import { ClientError } from '../client-error.ts';
import type { Api } from './api.ts';
import { filled } from './api.ts';
import { valuesIn } from './lines.ts';
import type { Patience } from './patience.ts';
import type { Build, Event, TextPiece } from './types.ts';

const ends = ['succeeded', 'failed', 'cancelled'];

/** Whether the build has come to its end. */
export const hasEnded = ({ status }: Pick<Build, 'status'>): boolean => ends.includes(status);

const isEnd = ({ type }: Event): boolean => ends.some((end) => type === `build.${end}`);

type Following = { readonly api: Api; readonly id: string; readonly patience: Patience; readonly signal: AbortSignal };

// A stream that broke off, or ended before the build did, is opened again after this.
const pauseMs = 250;

/**
 * The values of a stream, over restarts of the daemon: where it breaks off, or a stopping daemon ends it, `open` is called
 * again, and is to ask for what comes after the last value. Only a stream that was opened after the build's end has all of it.
 */
async function* again(
  { api, id, patience, signal }: Following,
  open: () => Promise<Response>,
): AsyncGenerator<unknown> {
  for (let wasEnded = false; ;) {
    const reply = await patience.ask(open);
    try {
      yield* valuesIn(reply);
      if (wasEnded) return;
    } catch {
      signal.throwIfAborted();
    }
    wasEnded = hasEnded(await patience.ask(() => api.ask('get', '/builds/{id}', { path: { id } }, signal)));
    if (!wasEnded) await systemClock.sleep(pauseMs, signal);
  }
}

/** The events of a build after a number, until it has ended; over restarts of the daemon, each of them once. */
export async function* followEvents(following: Following, after = 0): AsyncGenerator<Event> {
  const { api, id, signal } = following;
  let last = after;
  const open = () =>
    api.open('get', filled('/builds/{id}/events', { id }), {
      query: { after: last },
      headers: { accept: 'application/x-ndjson' },
      signal,
    });
  for await (const value of again(following, open)) {
    // The contract says that a line is an Event.
    const event = value as Event;
    last = event.seq;
    yield event;
    if (isEnd(event)) return;
  }
}

/** The log or the console of a build from an offset in bytes, until it has ended; over restarts of the daemon. */
export async function* followText(
  following: Following,
  what: 'log' | 'console',
  offset = 0,
): AsyncGenerator<TextPiece> {
  const { api, id, signal } = following;
  let at = offset;
  const open = () =>
    api.open('get', `${filled('/builds/{id}', { id })}/${what}`, {
      query: { offset: at, follow: true },
      headers: { accept: 'application/x-ndjson' },
      signal,
    });
  for await (const value of again(following, open)) {
    // The contract says that a line is a TextPiece.
    const piece = value as TextPiece;
    at = piece.offset;
    yield piece;
  }
}

/** Bytes of the log or the console so far. */
export const textLength = async ({ api, id, signal }: Following, what: 'log' | 'console'): Promise<number> => {
  try {
    const reply = await api.open('get', `${filled('/builds/{id}', { id })}/${what}`, {
      headers: { accept: 'text/plain', range: 'bytes=0-0' },
      signal,
    });
    await reply.body?.cancel();
    return Number(/\/(\d+)$/.exec(reply.headers.get('content-range') ?? '')?.[1] ?? 0);
  } catch (error) {
    // Of a text that is empty there is no first byte.
    if (error instanceof ClientError && error.about.problem?.code === 'range_not_satisfiable') return 0;
    throw error;
  }
};
