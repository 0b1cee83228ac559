import type { Fault } from '../../base/fault.ts';
import type { Phase } from '../../base/records/phase.ts';
import { keyFileIn, knownHostsIn } from '../../guest/ssh/files.ts';
import { sshLine } from '../../guest/ssh/options.ts';
import { isHeldAfter } from '../../queue/rules/settle.ts';
import type { Store } from '../../queue/store.ts';
import type { Spec } from '../../template/spec.ts';
import type { Attempt } from '../attempt.ts';
import { holdMachine, type Held } from '../hold/hold.ts';
import type { Job } from '../job.ts';
import type { PerformParts } from '../perform.ts';
import type { Running } from '../running.ts';
import type { OwnPlace } from '../take-up/place.ts';
import { cleanUpAfter, type CleanupFacts } from './error-cleanup.ts';

type Parts = PerformParts & {
  readonly store: Store;
  readonly held: Held;
  readonly holdMs: number;
  readonly place: OwnPlace;
};

type Failure = { readonly phase: Phase | undefined; readonly fault: Fault };

const sshLineOf = ({ machine }: Running, { communicator }: Spec, workspace: string): string | undefined => {
  if (communicator?.type !== 'ssh') return undefined;
  const { username } = communicator;
  const files = { keyFile: keyFileIn(workspace), knownHostsFile: knownHostsIn(workspace) };
  return sshLine({ ...machine.addresses.ssh, username, ...files });
};

const holdIfAsked = async (
  attempt: Attempt,
  { spec, slot, folders }: Job,
  fault: Fault,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> => {
  const running = attempt.attended();
  if (running === undefined || signal.aborted || !isHeldAfter(attempt.claim.build, fault.code)) return;
  const line = sshLineOf(running, spec, folders.work(slot));
  await holdMachine(attempt, running, fault, { ...parts, sshLine: line }, signal);
};

/** Cleans up after a build that has failed, and holds its machine, in the order that its `on_error` says. */
export const cleanAndHold = async (
  attempt: Attempt,
  facts: CleanupFacts,
  { phase, fault }: Failure,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> => {
  const isHeldFirst = attempt.claim.build.onError === 'hold';
  if (isHeldFirst) await holdIfAsked(attempt, facts.job, fault, parts, signal);
  // A provisioner cleans up after provisioners alone.
  if (phase === 'provisioning') await cleanUpAfter(fault, attempt, facts, parts);
  if (!isHeldFirst) await holdIfAsked(attempt, facts.job, fault, parts, signal);
};
