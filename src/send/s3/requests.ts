import { persist } from '../persist.ts';
import type { SendTools } from '../types.ts';
import { sdkFault } from './refusals.ts';

/** What goes with each request of the SDK. */
export type How = { readonly abortSignal: AbortSignal };

/** How a service of AWS is asked, with the faults and the attempts of every request. */
export type Requests = {
  /** Asks once, and again where that may help. `what` is told when it fails: "could not ...". */
  readonly trying: <T>(what: string, work: (how: How) => Promise<T>, signal?: AbortSignal) => Promise<T>;
  /** Asks once for what cleans up, also when the build has been cancelled. What fails is told in the log alone. */
  readonly cleaning: (what: string, work: (how: How) => Promise<unknown>) => Promise<void>;
};

const cleaningMs = 10_000;

/** `url` is what the requests are about. */
export const makeRequests = (url: URL, tools: SendTools): Requests => ({
  trying: (what, work, signal = tools.signal) => {
    const asked = async () => {
      try {
        return await work({ abortSignal: signal });
      } catch (error) {
        signal.throwIfAborted();
        throw sdkFault(tools.peer, `${url.href} could not ${what}`, error);
      }
    };
    return persist(url, asked, { ...tools, signal });
  },
  cleaning: async (what, work) => {
    const late = () => new Error(`no answer within ${cleaningMs / 1000} s`);
    using deadline = tools.clock.deadline(cleaningMs, new AbortController().signal, late);
    try {
      await work({ abortSignal: deadline.signal });
    } catch (error) {
      tools.log(`${url.href} could not ${what}: ${String(error)}`);
    }
  },
});
