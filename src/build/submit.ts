import { Fault } from '../base/fault.ts';
import type { Build, StoredRun } from '../queue/records.ts';
import type { BuildAsk, Idempotency, NewBuild, NewRun, RunAsk } from '../queue/asked.ts';
import type { Store } from '../queue/store.ts';
import type { Admission } from './admission.ts';
import { digestOf } from './canonical.ts';

export type SubmitParts = {
  readonly store: Pick<Store, 'add' | 'replay'>;
  readonly admission: Pick<Admission, 'check'>;
  readonly isDraining: () => boolean;
  /** Tells the scheduler that the queue has changed. */
  readonly wake: () => void;
};

export type SubmitRunParts = Pick<SubmitParts, 'isDraining' | 'wake'> & {
  readonly store: Pick<Store, 'addRun' | 'replayRun'>;
  readonly admission: Pick<Admission, 'checkRun'>;
};

/** The name that a client gives its request, so that sent again it makes no second build. */
export type RequestKey = Pick<Idempotency, 'key' | 'owner'> & {
  /** Of the files that came with the request: a context has another id each time. */
  readonly contextDigest?: string | undefined;
};

/** A build that was accepted now, or, `replayed`, when the same request came first. */
export type Submitted = { readonly build: Build; readonly replayed: boolean };

/**
 * Accepts a build of a client or of a schedule: when this resolves it is durable. Throws `draining`, `idempotency_mismatch`,
 * `queue_full`, and what `Admission.check` throws.
 */
export type Submit = (ask: BuildAsk, request?: RequestKey) => Promise<Submitted>;

/** A run that was accepted now, or, `replayed`, when the same request came first. */
export type SubmittedRun = { readonly run: StoredRun; readonly replayed: boolean };

/** Accepts a run with all of its builds, or nothing; throws as `Submit` does. */
export type SubmitRun = (ask: RunAsk, request?: RequestKey) => Promise<SubmittedRun>;

const idempotencyOf = ({ contextId: _own, requestedBy: _by, ...asked }: Asked, request: RequestKey): Idempotency => ({
  key: request.key,
  owner: request.owner,
  digest: digestOf({ ...asked, context: request.contextDigest ?? null }),
});

type Asked = Pick<BuildAsk, 'contextId' | 'requestedBy'>;

const checkTaking = (isDraining: SubmitParts['isDraining']): void => {
  if (isDraining())
    throw new Fault('draining', 'The daemon is stopping and takes no builds. Try again when it is back.');
};

const askerOf = ({ requestedBy }: Pick<BuildAsk, 'requestedBy'>) => (requestedBy === undefined ? {} : { requestedBy });

/**
 * Accepts what `check` has judged, unless the same request came first: then that build is given, and nothing is judged again,
 * for the host may have changed since.
 */
export const makeAccept =
  ({ store, isDraining, wake }: Omit<SubmitParts, 'admission'>) =>
  async <Ask extends Asked>(
    ask: Ask,
    request: RequestKey | undefined,
    check: () => Promise<NewBuild>,
  ): Promise<Submitted> => {
    checkTaking(isDraining);
    const idempotency = request && idempotencyOf(ask, request);
    const first = idempotency && (await store.replay(idempotency));
    if (first) return { build: first, replayed: true };
    const added = await store.add({ ...(await check()), ...askerOf(ask) }, idempotency);
    if (!added.replayed) wake();
    return added;
  };

export const makeSubmit = ({ admission, ...parts }: SubmitParts): Submit => {
  const accept = makeAccept(parts);
  return (ask, request) => accept(ask, request, () => admission.check(ask));
};

/** The same for a run with all of its builds. */
export const makeAcceptRun =
  ({ store, isDraining, wake }: Omit<SubmitRunParts, 'admission'>) =>
  async <Ask extends Asked>(
    ask: Ask,
    request: RequestKey | undefined,
    check: () => Promise<{ readonly run: NewRun; readonly builds: readonly NewBuild[] }>,
  ): Promise<SubmittedRun> => {
    checkTaking(isDraining);
    const idempotency = request && idempotencyOf(ask, request);
    const first = idempotency && (await store.replayRun(idempotency));
    if (first) return { run: first, replayed: true };
    const { run, builds } = await check();
    const by = askerOf(ask);
    const added = await store.addRun(
      { ...run, ...by },
      builds.map((build) => ({ ...build, ...by })),
      idempotency,
    );
    if (!added.replayed) wake();
    return added;
  };

export const makeSubmitRun = ({ admission, ...parts }: SubmitRunParts): SubmitRun => {
  const accept = makeAcceptRun(parts);
  return (ask, request) => accept(ask, request, () => admission.checkRun(ask));
};
