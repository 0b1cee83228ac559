import { Fault } from '../base/fault.ts';
import type { Build, BuildAsk, Idempotency, Store } from '../queue/store.ts';
import type { Admission } from './admission.ts';
import { digestOf } from './canonical.ts';

export type SubmitParts = {
  readonly store: Pick<Store, 'add' | 'replay'>;
  readonly admission: Pick<Admission, 'check'>;
  readonly isDraining: () => boolean;
  /** Tells the scheduler that the queue has changed. */
  readonly wake: () => void;
};

/** The name that a client gives its request, so that sent again it makes no second build. */
export type RequestKey = Pick<Idempotency, 'key' | 'owner'> & {
  /** Of the files that came with the request: a context has another id each time. */
  readonly contextDigest?: string | undefined;
};

/** A build that was accepted now, or, `replayed`, when the same request came first. */
export type Submitted = { readonly build: Build; readonly replayed: boolean };

/**
 * Accepts a build, whoever asks for it: when this resolves it is durable. Throws `draining`, `idempotency_mismatch`,
 * `queue_full`, and what `Admission.check` throws.
 */
export type Submit = (ask: BuildAsk, request?: RequestKey) => Promise<Submitted>;

const idempotencyOf = (
  { contextId: _own, requestedBy: _by, ...asked }: BuildAsk,
  request: RequestKey,
): Idempotency => ({
  key: request.key,
  owner: request.owner,
  digest: digestOf({ ...asked, context: request.contextDigest ?? null }),
});

export const makeSubmit =
  ({ store, admission, isDraining, wake }: SubmitParts): Submit =>
  async (ask, request) => {
    if (isDraining())
      throw new Fault('draining', 'The daemon is stopping and takes no builds. Try again when it is back.');
    const idempotency = request && idempotencyOf(ask, request);
    // What was accepted once is not judged again: the host may have changed since.
    const first = idempotency && (await store.replay(idempotency));
    if (first) return { build: first, replayed: true };
    const build = await admission.check(ask);
    const { requestedBy } = ask;
    const added = await store.add(requestedBy === undefined ? build : { ...build, requestedBy }, idempotency);
    if (!added.replayed) wake();
    return added;
  };
