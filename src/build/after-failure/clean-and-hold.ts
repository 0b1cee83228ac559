import type { Fault } from '../../base/fault.ts';
import type { Phase } from '../../base/records/phase.ts';
import { keyFileIn, knownHostsIn } from '../../guest/ssh/files.ts';
import { sshLine } from '../../guest/ssh/options.ts';
import { isHeldAfter } from '../../queue/rules/settle.ts';
import type { Store } from '../../queue/store.ts';
import type { Spec } from '../../template/spec.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { goOn, type GoesOn, type GoOnParts, type Standing } from '../again/go-on.ts';
import { holdMachine, type Held } from '../hold/hold.ts';
import type { ResumeAsk } from '../../queue/records.ts';
import type { Job } from '../job.ts';
import type { PerformParts } from '../attempt/perform.ts';
import type { Running } from '../machine/running.ts';
import type { OwnPlace } from '../take-up/place.ts';
import { cleanUpAfter, type CleanupFacts } from './error-cleanup.ts';

/** What holding takes beside performing. */
export type HoldParts = PerformParts &
  GoOnParts & { readonly store: Store; readonly held: Held; readonly holdMs: number; readonly place: OwnPlace };

type Failure = { readonly phase: Phase | undefined; readonly fault: Fault; readonly standing: Standing };

const sshLineOf = ({ machine }: Running, { communicator }: Spec, workspace: string): string | undefined => {
  if (communicator?.type !== 'ssh') return undefined;
  const { username } = communicator;
  const files = { keyFile: keyFileIn(workspace), knownHostsFile: knownHostsIn(workspace) };
  return sshLine({ ...machine.addresses.ssh, username, ...files });
};

const holdIfAsked = async (
  attempt: Attempt,
  { spec, slot, folders }: Job,
  { fault, standing }: Failure,
  parts: HoldParts,
  signal: AbortSignal,
): Promise<GoesOn | undefined> => {
  const running = attempt.attended();
  if (running === undefined || signal.aborted || !isHeldAfter(attempt.claim.build, fault.code)) return undefined;
  await parts.place.forget();
  const line = sshLineOf(running, spec, folders.work(slot));
  const resume = (ask: ResumeAsk) => goOn(standing, ask, parts);
  return holdMachine(attempt, running, fault, { ...parts, sshLine: line }, resume, signal);
};

/**
 * Cleans up after a build that has failed, and holds its machine, in the order that its `on_error` says. Gives how the build goes
 * on where a client has resumed it.
 */
export const cleanAndHold = async (
  attempt: Attempt,
  facts: CleanupFacts,
  failure: Failure,
  parts: HoldParts,
  signal: AbortSignal,
): Promise<GoesOn | undefined> => {
  const { phase, fault } = failure;
  const isHeldFirst = attempt.claim.build.onError === 'hold';
  const goesOn = isHeldFirst ? await holdIfAsked(attempt, facts.job, failure, parts, signal) : undefined;
  if (goesOn !== undefined) return goesOn;
  // A provisioner cleans up after provisioners alone.
  if (phase === 'provisioning') await cleanUpAfter(fault, attempt, facts, parts);
  return isHeldFirst ? undefined : holdIfAsked(attempt, facts.job, failure, parts, signal);
};
