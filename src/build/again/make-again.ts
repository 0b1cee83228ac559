import { Fault } from '../../base/fault.ts';
import type { Ids } from '../../base/ids.ts';
import { isRunEnded } from '../../base/records/run-status.ts';
import type { CheckedBuild } from '../../queue/asked.ts';
import type { FrozenBuild, Resumption, StoredRun } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import type { Admission } from '../admission.ts';
import {
  makeAccept,
  makeAcceptRun,
  type RequestKey,
  type Submitted,
  type SubmittedRun,
  type SubmitParts,
} from '../submit.ts';
import { askMended, checkEnded, findFrozen, type RebuildAsk, type RetryAsk } from './asks.ts';
import { checkForgotten } from './forgotten.ts';
import { judgeMended } from './judge-mended.ts';
import { checkSame } from './strict.ts';

export type AgainParts = Pick<SubmitParts, 'isDraining' | 'wake'> & {
  readonly store: Pick<Store, 'add' | 'addRun' | 'replay' | 'replayRun' | 'frozen' | 'findRun'>;
  readonly admission: Pick<Admission, 'check' | 'checkFrozen'>;
  readonly ids: Pick<Ids, 'id'>;
};

/**
 * Makes builds again that have ended. Each throws what `Submit` throws, `not_found`, `build_active` for what has not ended, and
 * `inputs_changed`; places in what the client did not send have `input:` in front, and are those of `GET /builds/{id}/input`.
 */
export type Again = {
  /** Of the same, or of the template and the context that the client sends. */
  readonly retry: (id: string, ask: RetryAsk, request?: RequestKey) => Promise<Submitted>;
  /** Of the same, whatever stored templates and media say now. */
  readonly rebuild: (id: string, ask: RebuildAsk, request?: RequestKey) => Promise<Submitted>;
  /**
   * Judges the template, and the context, that a held build is to go on with: as a build of its own, for it may have to run from
   * its beginning. Throws `build_not_held`.
   */
  readonly mend: (
    id: string,
    sent: Pick<RetryAsk, 'template' | 'contextId' | 'requestedBy'>,
  ) => Promise<NonNullable<Resumption['mended']>>;
  /** All builds of a run, or none. Throws `inputs_changed` where some of them were deleted. */
  readonly rebuildRun: (id: string, ask: RebuildAsk, request?: RequestKey) => Promise<SubmittedRun>;
};

type Parts = Pick<AgainParts, 'store' | 'admission'>;

const retried = async ({ store, admission }: Parts, id: string, ask: RetryAsk): Promise<CheckedBuild> => {
  const frozen = await findFrozen(store, id);
  checkEnded(frozen.build);
  if (ask.template === undefined) return admission.checkFrozen(frozen, ask, { retryOf: id });
  checkForgotten(frozen, ask.template, ask.variables);
  return { ...(await admission.check(askMended(frozen, ask))), retryOf: id };
};

const mended = async (
  { store, admission }: Parts,
  id: string,
  sent: Pick<RetryAsk, 'template' | 'contextId' | 'requestedBy'>,
): Promise<NonNullable<Resumption['mended']>> => {
  const frozen = await findFrozen(store, id);
  const { status, sensitive: before } = frozen.build;
  if (status !== 'held')
    throw new Fault('build_not_held', `Build ${id} is ${status}, and only a held one can go on.`, { status });
  const checked = await judgeMended(frozen, sent.requestedBy, () =>
    admission.check(askMended(frozen, { ...sent, variables: {} })),
  );
  const { template, variables, plan, contextId, sensitive, beganWith } = checked;
  return {
    ...{ template, variables, plan, sensitive: [...new Set([...before, ...sensitive])] },
    ...(contextId === undefined ? {} : { contextId }),
    ...(beganWith === undefined ? {} : { beganWith }),
  };
};

const rebuilt = async (
  { admission }: Pick<Parts, 'admission'>,
  frozen: FrozenBuild,
  ask: RebuildAsk,
  runId?: string,
): Promise<CheckedBuild> => {
  checkEnded(frozen.build);
  const as = { rebuildOf: frozen.build.id, ...(runId === undefined ? {} : { runId }) };
  const checked = await admission.checkFrozen(frozen, ask, as);
  if (ask.strict) checkSame(frozen, checked.beganWith);
  return checked;
};

/** Throws `not_found`, `build_active`, and `inputs_changed` where not all of its builds are there. */
const findEnded = async (store: Pick<Store, 'findRun'>, id: string): Promise<StoredRun> => {
  const run = await store.findRun(id);
  if (run === undefined) throw new Fault('not_found', `There is no run ${id}. GET /runs lists those there are.`);
  if (!isRunEnded(run.status))
    throw new Fault(
      'build_active',
      `Run ${id} is ${run.status}, and only what has ended is made again. Wait for its end, or cancel it.`,
      { status: run.status },
    );
  if (run.builds.length < run.machines)
    throw new Fault(
      'inputs_changed',
      `Of the ${run.machines} builds of run ${id} only ${run.builds.length} are kept. Rebuild these one by one, with POST /builds/ID/rebuild.`,
    );
  return run;
};

export const makeAgain = ({ store, admission, ids, isDraining, wake }: AgainParts): Again => {
  const accept = makeAccept({ store, isDraining, wake });
  const acceptRun = makeAcceptRun({ store, isDraining, wake });
  return {
    retry: (id, ask, request) => accept({ ...ask, retryOf: id }, request, () => retried({ store, admission }, id, ask)),
    rebuild: (id, ask, request) =>
      accept({ ...ask, rebuildOf: id }, request, async () => rebuilt({ admission }, await findFrozen(store, id), ask)),
    mend: (id, sent) => mended({ store, admission }, id, sent),
    rebuildRun: (id, ask, request) =>
      acceptRun({ ...ask, rebuildOf: id }, request, async () => {
        const { builds: before, templateName, templateVersion, parallel, failFast } = await findEnded(store, id);
        const run = {
          ...{ id: ids.id(), rebuildOf: id, templateName, failFast },
          ...(templateVersion === undefined ? {} : { templateVersion }),
          ...(parallel === undefined ? {} : { parallel }),
        };
        const builds: CheckedBuild[] = [];
        // One after the other: each may take the loop for a while.
        for (const build of before)
          builds.push(await rebuilt({ admission }, await findFrozen(store, build.id), ask, run.id));
        return { run, builds };
      }),
  };
};
