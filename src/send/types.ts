import type { Clock } from '../base/clock.ts';
import type { RetryPolicy } from '../base/waiting.ts';
import type { Peer } from '../outward/peer.ts';

/** A file on its way out. */
export type Outgoing = {
  /** Where its bytes are, under a name of imaged's own. */
  readonly path: string;
  /** What it is called there. */
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  /** In lower-case hex. */
  readonly sha256: string;
};

/** What every way out needs. */
export type SendTools = {
  /** What may be reached, and how faults are called. */
  readonly peer: Peer;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
  /** How long nothing may be heard of the other side, in ms. */
  readonly silentMs: number;
  /** Told of the bytes of the file that are there, as far as that is known. */
  readonly progress: (bytes: number) => void;
  /** A line in the log of the build. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** What the configuration does not set: about two minutes for what may pass. */
export const usualSending = {
  policy: { attempts: 6, firstMs: 1000, growth: 3, mostMs: 60_000 },
  silentMs: 60_000,
} satisfies Partial<SendTools>;
