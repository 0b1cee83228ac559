import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import type { Store } from '../../../queue/store.ts';
import { sessionHashOf } from '../authentication/session-cookie.ts';
import { isValid } from '../authentication/tokens.ts';

/** Requests that wait or follow, and so outlast the moment in which their token was judged. */
export type LongRequests = {
  /**
   * Counts this one until its answer has ended. `end` is called when its token is revoked or expires, or its session ends;
   * default: its connection is cut. Throws `too_many_waiting`.
   */
  readonly count: (request: FastifyRequest, reply: FastifyReply, end?: () => void) => void;
};

// A token that is not valid any more is noticed within this.
const lookEveryMs = 2000;

type Open = { readonly tokenId: string; readonly session: Uint8Array | undefined; readonly end: () => void };

type Parts = { readonly store: Pick<Store, 'tokens' | 'session'>; readonly clock: Clock };

/** Ends those whose token, or session, is not valid any more. */
const endInvalid = async (open: ReadonlySet<Open>, { store, clock }: Parts): Promise<void> => {
  const tokens = (await store.tokens()).filter((token) => isValid(token, clock.now()));
  const valid = new Set(tokens.map(({ id }) => id));
  for (const one of [...open]) {
    const { tokenId, session, end } = one;
    const isOver = !valid.has(tokenId) || (session !== undefined && (await store.session(session)) === undefined);
    if (isOver && open.has(one)) end();
  }
};

/** Looks at them for as long as there are any. */
const watchTokens = (open: ReadonlySet<Open>, parts: Parts): { readonly look: () => void } => {
  let watching: Disposable | undefined;
  let looking: Promise<unknown> | undefined;
  const tick = () => {
    if (open.size === 0) {
      watching?.[Symbol.dispose]();
      watching = undefined;
      return;
    }
    // A store that cannot be read says nothing of a token: it is asked again.
    looking ??= endInvalid(open, parts)
      .catch(() => undefined)
      .finally(() => (looking = undefined));
  };
  return { look: () => void (watching ??= parts.clock.every(lookEveryMs, tick)) };
};

/** One client that forgets to end its long polls and followers must not take the places of all the others. */
export const makeLongRequests = (most: number, parts: Parts): LongRequests => {
  const byToken = new Map<string, number>();
  const open = new Set<Open>();
  const watch = watchTokens(open, parts);
  return {
    count: (request, reply, end = () => reply.raw.destroy()) => {
      const { tokenId, headers } = request;
      const now = byToken.get(tokenId) ?? 0;
      if (now >= most)
        throw new Fault(
          'too_many_waiting',
          `The token has ${now} requests that wait or follow, and may have ${most}. End some, or ask again later.`,
          { expected: `at most ${most}`, saw: String(now) },
        );
      byToken.set(tokenId, now + 1);
      const one = { tokenId, end, session: headers.authorization === undefined ? sessionHashOf(request) : undefined };
      open.add(one);
      watch.look();
      // nginx keeps an answer until it is whole, unless it is told not to (ngx_http_proxy_module, proxy_buffering).
      void reply.header('x-accel-buffering', 'no');
      reply.raw.once('close', () => {
        open.delete(one);
        const left = (byToken.get(tokenId) ?? 1) - 1;
        if (left > 0) byToken.set(tokenId, left);
        else byToken.delete(tokenId);
      });
    },
  };
};
