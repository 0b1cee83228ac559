import { EC2Client } from '@aws-sdk/client-ec2';
import { ownOptions } from '../s3/client.ts';
import { sdkFault } from '../s3/refusals.ts';
import { persist } from '../persist.ts';
import type { SendTools } from '../types.ts';
import { ec2Url, type Ec2Place } from './place.ts';

/** What goes with each request. */
type How = { readonly abortSignal: AbortSignal };

/** How EC2 is asked, with the faults and the attempts of every request. */
export type Asking = {
  readonly client: EC2Client;
  readonly tools: SendTools;
  /** Asks once, and again where that may help. `what` is told when it fails: "could not ...". */
  readonly trying: <T>(what: string, work: (how: How) => Promise<T>) => Promise<T>;
  /** Asks once for what cleans up, also when the build has been cancelled. What fails is told in the log alone. */
  readonly cleaning: (what: string, work: (how: How) => Promise<unknown>) => Promise<void>;
};

const cleaningMs = 10_000;

export const makeAsking = (place: Ec2Place, tools: SendTools): Asking => {
  const { peer, signal, clock, log } = tools;
  const url = ec2Url(place);
  const client = new EC2Client(ownOptions(place, tools));
  return {
    client,
    tools,
    trying: (what, work) => {
      const asked = async () => {
        try {
          return await work({ abortSignal: signal });
        } catch (error) {
          signal.throwIfAborted();
          throw sdkFault(peer, `${url.href} could not ${what}`, error);
        }
      };
      return persist(url, asked, tools);
    },
    cleaning: async (what, work) => {
      const late = () => new Error(`no answer within ${cleaningMs / 1000} s`);
      using deadline = clock.deadline(cleaningMs, new AbortController().signal, late);
      try {
        await work({ abortSignal: deadline.signal });
      } catch (error) {
        log(`${url.href} could not ${what}: ${String(error)}`);
      }
    },
  };
};
