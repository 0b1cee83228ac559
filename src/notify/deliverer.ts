import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/waiting.ts';
import type { Peer } from '../outward/peer.ts';
import type { AttemptEnd, DueDelivery } from '../queue/deliveries.ts';
import type { Store } from '../queue/store.ts';
import { hideUrl } from './hide-url.ts';
import { post, type PostAnswer } from './post.ts';
import { afterAttempt, longestPauseMs } from './rules.ts';
import { signedHeaders } from './sign.ts';

export type DelivererParts = {
  readonly store: Pick<Store, 'dueDelivery' | 'nextDelivery' | 'deliveryAttempted' | 'onChange'>;
  /** The hosts that may be told. */
  readonly peer: Peer;
  /** The secret of a webhook of the configuration, by its URL; undefined: it has none, or is named no longer. */
  readonly secretOf: (url: string) => string | undefined;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: { readonly warn: (facts: object, message: string) => void };
  readonly limits?: DelivererLimits;
};

export type DelivererLimits = {
  /** For one attempt. */
  readonly withinMs: number;
  /** Attempts at a time, for one host and in all. */
  readonly atOnceForHost: number;
  readonly atOnce: number;
};

const usualLimits: DelivererLimits = { withinMs: 15_000, atOnceForHost: 2, atOnce: 16 };

/** Tells webhooks what the store has for them. No build waits for it. */
export type Deliverer = AsyncDisposable & {
  /** Something may be due: look now. */
  readonly wake: () => void;
};

// The clock may have been set meanwhile, and what is due by it must not wait for the old time.
const lookAgainMs = 30_000;

// The store cannot be used for a moment.
const troubleMs = 5_000;

type Attempted = AttemptEnd & { readonly isRefused?: boolean; readonly retryAfter?: string };

const sentenceOf = (error: unknown): string => {
  // Of several addresses that were tried, each has its error.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(sentenceOf))].join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
};

const ending = ({ status, answer, retryAfter }: PostAnswer): Pick<Attempted, 'status' | 'answer' | 'retryAfter'> => ({
  status,
  ...(answer === '' ? {} : { answer }),
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** One attempt; throws only where the signal has aborted. */
const makeAttempt =
  ({ peer, secretOf, clock }: DelivererParts, withinMs: number) =>
  async (due: DueDelivery, signal: AbortSignal): Promise<Attempted> => {
    const url = new URL(due.url);
    // Of whatever URL, that of a redirect as well.
    const shy: Peer = { ...peer, show: ({ origin }) => origin };
    const [at, began] = [clock.now(), clock.elapsed()];
    const ms = () => Math.round(clock.elapsed() - began);
    const why = peer.reach?.refuse(url);
    if (why !== undefined) return { at, ms: ms(), error: `${url.origin} ${why}`, isRefused: true };
    const secret = due.source === 'configuration' ? secretOf(due.url) : due.secret;
    const headers = signedHeaders({ ...due, ...(secret === undefined ? {} : { secret }) }, at);
    const hide = hideUrl(url, secret);
    try {
      const answer = await post({ url, headers, body: due.body, withinMs, hide }, shy, clock, signal);
      return { at, ms: ms(), ...ending(answer) };
    } catch (error) {
      signal.throwIfAborted();
      return { at, ms: ms(), error: sentenceOf(error) };
    }
  };

/** Starts to deliver; what was under way when the daemon ended is delivered again, under the same id. */
// One closure, though long: what is under way, what is due and when to look again are about the same deliveries.
export const startDeliverer = (parts: DelivererParts): Deliverer => {
  const { store, clock, log, random, limits = usualLimits } = parts;
  const attempt = makeAttempt(parts, limits.withinMs);
  const closing = new AbortController();
  const underWay = new Map<string, { readonly host: string; readonly ended: Promise<void> }>();
  let woken = deferred<void>();
  const wake = (): void => woken.resolve();

  const deliver = async (due: DueDelivery): Promise<void> => {
    const end = await attempt(due, closing.signal);
    const then = afterAttempt(end, due, clock.now(), random);
    await store.deliveryAttempted(due.id, end, then);
    if (then.state === 'failed')
      log.warn({ delivery: due.id, build: due.buildId, why: then.why }, 'a webhook could not be told');
  };
  const begin = (due: DueDelivery): void => {
    const ended = deliver(due)
      .catch(async (error: unknown) => {
        if (closing.signal.aborted) return;
        // It stays due; a pause keeps a store that cannot be written from having it sent over and over.
        log.warn({ err: error, delivery: due.id }, 'the attempt to tell a webhook could not be recorded');
        await clock.sleep(troubleMs, closing.signal).catch(() => undefined);
      })
      .finally(() => {
        underWay.delete(due.id);
        wake();
      });
    underWay.set(due.id, { host: due.host, ended });
  };
  const busyHosts = (): readonly string[] => {
    const hosts = [...underWay.values()].map(({ host }) => host);
    return [...new Set(hosts)].filter((host) => hosts.filter((one) => one === host).length >= limits.atOnceForHost);
  };

  /** Begins what is due; gives the milliseconds after which to look again. */
  const look = async (): Promise<number> => {
    while (underWay.size < limits.atOnce && !closing.signal.aborted) {
      const onTheWay = [...underWay.keys()];
      const ask = { busyHosts: busyHosts(), onTheWay, farthest: clock.now() + longestPauseMs };
      const due = await store.dueDelivery(ask);
      if (due === undefined) break;
      begin(due);
    }
    const next = await store.nextDelivery([...underWay.keys()]);
    const inMs = (next ?? Infinity) - clock.now();
    // What is due and was not begun waits for one that is under way, whose end wakes this.
    return inMs <= 0 ? lookAgainMs : Math.min(inMs, lookAgainMs);
  };
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      woken = deferred();
      const pauseMs = await look().catch((error: unknown) => {
        log.warn({ err: error }, 'deliveries could not be looked for');
        return troubleMs;
      });
      using pause = clock.deadline(pauseMs, closing.signal, () => undefined);
      pause.signal.addEventListener('abort', wake, { once: true });
      await woken.promise;
    }
  };

  const listening = store.onChange('*', wake);
  const looping = loop();
  return {
    wake,
    [Symbol.asyncDispose]: async () => {
      listening[Symbol.dispose]();
      closing.abort(new Error('the daemon is stopping'));
      wake();
      await looping;
      await Promise.all([...underWay.values()].map(({ ended }) => ended));
    },
  };
};
