import { Fault } from '../../base/fault.ts';
import type { OnError } from '../../base/records/on-error.ts';
import { isEnded } from '../../base/records/status.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { BuildAsk } from '../../queue/asked.ts';
import type { Build, FrozenBuild } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';

/** What a client says when it wants a build made again; what it does not say is as it was. */
export type AgainAsk = {
  /** In place of values that the build had, and for those that were forgotten when it ended. */
  readonly variables: VariableValues;
  readonly onError?: OnError;
  readonly debug?: boolean;
  /** The name of the token that asks. */
  readonly requestedBy?: string;
};

/** With a template, the build is made of that one, and of the context that it came with. */
export type RetryAsk = AgainAsk & {
  readonly template?: unknown;
  readonly contextId?: string;
  readonly machine?: string;
};

/** `strict`: only if all that the build began with is as it was. */
export type RebuildAsk = AgainAsk & { readonly strict: boolean };

/** All that a build was made of. Throws `not_found`. */
export const findFrozen = async (store: Pick<Store, 'frozen'>, id: string): Promise<FrozenBuild> => {
  const frozen = await store.frozen(id);
  if (frozen === undefined) throw new Fault('not_found', `There is no build ${id}. GET /builds lists those there are.`);
  return frozen;
};

const instead = {
  queued: 'Wait for its end, or cancel it',
  running: 'Wait for its end, or cancel it',
  held: 'Go on with its machine (POST /builds/ID/resume), or let that go (DELETE /builds/ID/hold)',
} as const;

/** Throws `build_active` for a build that has not ended. */
export const checkEnded = ({ id, status }: Build): void => {
  if (isEnded(status)) return;
  const [todo] = Object.entries(instead).flatMap(([known, words]) => (known === status ? [words] : []));
  throw new Fault(
    'build_active',
    `Build ${id} is ${status}, and only what has ended is made again. ${(todo ?? '').replaceAll('ID', id)}.`,
    { status },
  );
};

/** What a build was asked for as, with what a client says now. */
export const askAgain = ({ build, input, notify }: FrozenBuild, ask: AgainAsk): BuildAsk => {
  const { labels, priority, timeoutMs, force, contextId } = build;
  const { onError = build.onError, debug = build.debug === true, requestedBy } = ask;
  // Those of the configuration are what they are now.
  const asked = notify.filter(({ source }) => source === 'request');
  return {
    template: input.template,
    variables: { ...input.variables, ...ask.variables },
    ...{ labels, priority, timeoutMs, onError },
    ...(debug ? { debug } : {}),
    ...(force === undefined ? {} : { force }),
    ...(contextId === undefined ? {} : { contextId }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(asked.length === 0 ? {} : { notify: asked.map(({ source: _, ...webhook }) => webhook) }),
  };
};

/** The same of another template, in place of the one that the build was made of. */
export const askMended = (
  frozen: FrozenBuild,
  { template, contextId, machine = frozen.build.machine, ...ask }: RetryAsk,
): BuildAsk => {
  const { contextId: _before, ...asked } = askAgain(frozen, ask);
  return {
    ...asked,
    template,
    ...(contextId === undefined ? {} : { contextId }),
    ...(machine === undefined ? {} : { machine }),
  };
};
