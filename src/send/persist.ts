import { retry } from '../base/waiting.ts';
import { broken, mayPass } from '../outward/peer.ts';
import type { SendTools } from './types.ts';

/** Does something at a URL, and again after a while as long as what went wrong may pass; the log says why. */
export const persist = <T>(
  url: URL,
  work: () => Promise<T>,
  { peer, policy, clock, log, signal }: Omit<SendTools, 'progress'>,
): Promise<T> => {
  const attempt = async (nth: number) => {
    try {
      return await work();
    } catch (error) {
      const fault = broken(peer, error, url, signal);
      if (mayPass(fault) && fault instanceof Error && nth < policy.attempts) log(`${fault.message} It is tried again.`);
      throw fault;
    }
  };
  return retry(attempt, policy, mayPass, clock, signal);
};
