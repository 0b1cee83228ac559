import type WebSocket from 'ws';
import type { Api } from '../api/api.ts';
import { filled } from '../api/api.ts';
import type { Patience } from '../api/patience.ts';
import type { Build } from '../api/types.ts';
import { ClientError } from '../client-error.ts';
import { openSocket } from './open-socket.ts';

/** A build whose console is attached to. */
export type AttachedSocket = { readonly api: Api; readonly id: string; readonly patience: Patience };

/** Opens the console of a build behind so many bytes of its transcript. Throws a ClientError. */
export const openConsole = (
  { api: { server }, id }: Pick<AttachedSocket, 'api' | 'id'>,
  offset: number,
  signal: AbortSignal,
) => openSocket(server, `${filled('/builds/{id}/console/attach', { id })}?offset=${offset}`, signal);

// A build that gets to its breakpoint says so a moment before it takes keys.
const mostWaitSeconds = 5;

/** Looks at a build again and again: each time once it is another than before, or a moment has passed. */
const lookEach = ({ api, id, patience }: AttachedSocket, signal: AbortSignal): (() => Promise<Build>) => {
  let last: { readonly etag: string; readonly build: Build } | undefined;
  const look = async (): Promise<Build> => {
    const known =
      last === undefined ? {} : { query: { wait: mostWaitSeconds }, headers: { 'if-none-match': last.etag } };
    const reply = await api.open('get', filled('/builds/{id}', { id }), { ...known, signal });
    if (reply.status === 304 && last !== undefined) return last.build;
    // The contract says that it is one.
    const build = (await reply.json()) as Build;
    last = { etag: reply.headers.get('etag') ?? '', build };
    return build;
  };
  return () => patience.ask(look);
};

const isNotHeld = (error: unknown): boolean =>
  error instanceof ClientError && error.about.problem?.code === 'build_not_held';

/**
 * Opens the console again once the daemon is back. A build that it goes on with takes keys when it has come to its breakpoint
 * again: `waits` is called where that is not yet so. Throws a ClientError that says what to do where it never will.
 */
export const reopenConsole = async (
  attached: AttachedSocket,
  offset: number,
  waits: (status: Build['status']) => void,
  signal: AbortSignal,
): Promise<WebSocket> => {
  const { id, patience } = attached;
  const look = lookEach(attached, signal);
  for (let isFirst = true; ; isFirst = false) {
    const { status } = await look();
    try {
      return await patience.ask(() => openConsole(attached, offset, signal));
    } catch (error) {
      if (!isNotHeld(error)) throw error;
      if (status !== 'running' && status !== 'queued' && status !== 'held')
        throw new ClientError(
          'refused',
          `The build is ${status}: its machine went while the daemon was away. To build it again: imagectl retry ${id}`,
          { cause: error },
        );
      if (isFirst) waits(status);
    }
  }
};
