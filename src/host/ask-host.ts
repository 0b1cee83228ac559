import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { orAborted } from '../base/waiting.ts';
import { isDenied, warn } from './answers.ts';
import type { HostAnswer, HostAsked, Finding, HostCheck } from './types.ts';

const mostMsOfQuestion = 15_000;

const asRoot = 'run "imaged check" as root';

const noAnswer = (error: unknown): HostAnswer => {
  const why = error instanceof Error ? error.message : String(error);
  return warn(`cannot be told: ${why}`, isDenied(error) ? asRoot : undefined);
};

/**
 * Asks everything at once and gives the findings in the order of the checks. Never throws for what a check
 * throws, and waits for none of them for ever; throws the signal's reason when it aborts.
 */
export const askHost = async (
  checks: readonly HostCheck[],
  asked: HostAsked,
  clock: Clock,
  signal: AbortSignal,
  mostMs = mostMsOfQuestion,
): Promise<readonly Finding[]> => {
  const timeout = new Fault('step_timeout', `there was no answer within ${mostMs / 1000} s`);
  using deadline = clock.deadline(mostMs, signal, () => timeout);
  setMaxListeners(0, deadline.signal); // each check listens, and each program that it runs
  const findings = await Promise.all(
    checks.map(async ({ name, ask }) => {
      const answer = await orAborted(ask(asked, deadline.signal), deadline.signal).catch(noAnswer);
      return { name, ...answer };
    }),
  );
  signal.throwIfAborted();
  return findings;
};
