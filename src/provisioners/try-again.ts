import type { Clock } from '../base/clock.ts';
import { Fault, type FaultCode } from '../base/fault.ts';
import { retry } from '../base/waiting.ts';
import type { OnLines } from '../guest/types.ts';
import type { Policy } from './common.ts';

// What a guest may do better the next time. A machine that has gone is no longer there to be asked.
const mayPass: readonly FaultCode[] = [
  ...(['provisioner_failed', 'step_timeout', 'ssh_broken'] as const),
  ...(['console_silent', 'console_refused', 'console_deaf'] as const),
];

type Tools = {
  readonly clock: Clock;
  /** Told of each try that failed and is followed by another. */
  readonly onLines: OnLines;
  /** Logs in again, where the connection broke. */
  readonly reconnect?: (signal: AbortSignal) => Promise<void>;
  /** What a try was doing that took too long, as the end of a sentence. */
  readonly doing: () => string;
};

const tooLong = ({ name, timeoutMs }: Policy, doing: string) =>
  new Fault('step_timeout', `The provisioner ${name} did not end within ${timeoutMs / 1000} s${doing}.`, {
    expected: `the end of ${name} within ${timeoutMs / 1000} s`,
    timeoutMs,
  });

/**
 * Runs a provisioner by the policy that every kind has: after its pause, and again as often as it may when it fails. Each
 * try has a deadline of its own. Throws the fault of the last try, `step_timeout`, or the signal's reason.
 */
export const tryAgain = async (
  policy: Policy,
  run: (signal: AbortSignal) => Promise<void>,
  { clock, onLines, reconnect, doing }: Tools,
  signal: AbortSignal,
): Promise<void> => {
  if (policy.pauseBeforeMs > 0) await clock.sleep(policy.pauseBeforeMs, signal);
  let isBroken = false;
  await retry(
    async () => {
      using limit = clock.deadline(policy.timeoutMs, signal, () => tooLong(policy, doing()));
      if (isBroken) await reconnect?.(limit.signal);
      isBroken = false;
      await run(limit.signal);
    },
    { attempts: policy.maxRetries + 1, firstMs: 0, growth: 1, mostMs: 0 },
    (error) => {
      if (!(error instanceof Fault) || !mayPass.includes(error.code)) return false;
      isBroken = error.code === 'ssh_broken';
      void onLines([`${error.message}; trying again`], 'stderr');
      return true;
    },
    clock,
    signal,
  );
};
