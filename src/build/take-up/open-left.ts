import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { cleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import type { PlannedStep } from '../../queue/asked.ts';
import type { Claim, StoredStep } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import type { LayeringMeans } from '../layers/open-layering.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Plan } from '../plan.ts';
import { slotName, type Folders } from '../folders/folders.ts';
import { cannotGoOn } from './go-on.ts';
import { basesOf, emptyJournal, journalFile, keysBeneath, readJournal, type Journal } from './journal.ts';
import type { LetRun } from './let-run.ts';
import { onceBegunAnew } from './missed.ts';
import { makePlace, type FailedStep, type OpenStep, type OwnPlace } from './place.ts';

type Parts = {
  readonly store: Store;
  readonly folders: Folders;
  readonly hypervisor: Hypervisor;
  readonly letRun: LetRun;
  readonly layers: LayeringMeans | undefined;
};

/** What an earlier daemon has left of a build that is taken up; of any other, nothing. Disposing it leaves nothing of it. */
export type Left = AsyncDisposable & {
  readonly journal: Journal | undefined;
  /** Throws `not_taken_up` where the plan is another by now, or its step that was under way cannot go on. */
  readonly check: (plan: Planned & Pick<Plan<never, unknown>, 'cannotGoOn'>) => void;
  /** `layer`: the key of the one that the attempt goes on from; `missed`: see `Journal`. */
  readonly placeOf: (
    plan: Planned,
    startedAt: number,
    attempt: Pick<Attempt, 'past' | 'logMark'>,
    known: Pick<Journal, 'layer' | 'wholeKey' | 'missed'>,
  ) => OwnPlace;
};

type Planned = { readonly steps: readonly PlannedStep[] };

const namesOf = ({ steps }: Planned): readonly string[] => steps.map(({ name }) => name);

/** The rows of steps that have not ended. Of one that had ended but for its row, the row is ended. */
const openSteps = async (
  { build, token }: Claim,
  all: readonly StoredStep[],
  { ended }: Journal,
  store: Store,
): Promise<readonly OpenStep[]> => {
  const rows = all.filter((step) => step.attempt === build.attempt && step.endedAt === undefined);
  const isOver = ({ name }: OpenStep) => ended.some((one) => one.name === name);
  for (const { seq } of rows.filter(isOver)) await store.endStep(build.id, token, seq);
  return rows.filter((row) => !isOver(row));
};

/** The steps that have failed, and were not run again since: the daemon ended before it had done what follows from that. */
const failedSteps = (all: readonly StoredStep[], attempt: number, { ended }: Journal): readonly FailedStep[] => {
  const last = new Map(all.filter((step) => step.attempt === attempt).map((step) => [step.name, step]));
  return [...last.values()].flatMap(({ name, fault }) =>
    fault === undefined || ended.some((one) => one.name === name) ? [] : [{ name, fault }],
  );
};

/** Throws `not_taken_up` where a disk lies over a layer that was not kept: the daemon ended while it was being made. */
const checkBeneath = ({ ended }: Journal): void => {
  if (!ended.flatMap(basesOf).every((path) => existsSync(path)))
    throw new Fault('not_taken_up', 'What lies beneath a disk of the build is not there any more.');
};

/** Throws `not_taken_up` where the journal that was found has gone. */
export const openLeft = async (
  claim: Claim,
  slot: number,
  { store, folders, hypervisor, letRun, layers }: Parts,
): Promise<Left> => {
  const { build, takenUp } = claim;
  const cleanup = cleanupStack();
  cleanup.defer(() => letRun.remove(build.id));
  const file = journalFile(folders.work(slot));
  const whatever = new AbortController().signal;
  const journal = takenUp === true ? await readJournal(folders.work(slot)) : undefined;
  if (takenUp === true) {
    // Files of a layer that this build has not taken over belong to no build: they are removed.
    cleanup.defer(async () => {
      for (const key of journal === undefined ? [] : keysBeneath(journal))
        await (await layers?.shelf.adopt(key))?.[Symbol.asyncDispose]();
    });
    cleanup.defer(async () => {
      await hypervisor.reap(slotName(slot), folders.machine(slot), whatever);
      for (const folder of [folders.work(slot), folders.machine(slot)])
        await rm(folder, { recursive: true, force: true });
    });
  }
  const rows = journal === undefined ? [] : await store.steps(build.id);
  const open = journal === undefined ? [] : await openSteps(claim, rows, journal, store);
  const failed = journal === undefined ? [] : failedSteps(rows, build.attempt, journal);
  return {
    journal,
    check: (plan) => {
      if (takenUp === true && journal?.plan.join('\n') !== namesOf(plan).join('\n'))
        throw new Fault('not_taken_up', 'The plan of the build is another than that which was begun.');
      if (journal !== undefined) checkBeneath(journal);
      // The daemon ended between a step that could not go on and the end of its attempt: it is not run again in the same guest.
      const last = rows.findLast(({ attempt }) => attempt === build.attempt);
      if (last?.fault?.code === 'not_taken_up') throw new Fault('not_taken_up', last.fault.message);
      // Before anything is done in vain: to log in again may take long where the machine stands still.
      const stuck = open.find(({ name }) => plan.cannotGoOn.includes(name));
      if (stuck !== undefined) throw cannotGoOn(stuck.name);
    },
    placeOf: (plan, startedAt, { past, logMark }, { layer, wholeKey, missed }) => {
      const facts = { build: build.id, attempt: build.attempt, startedAt, plan: [...namesOf(plan)], layer, wholeKey };
      const first = journal === undefined ? emptyJournal(facts) : { ...journal, missed };
      return makePlace(first, file, { begunAnew: onceBegunAnew(rows), open, failed, past, letRun, logMark });
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};
