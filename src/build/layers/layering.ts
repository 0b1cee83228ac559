/** What one attempt does with kept layers: what it goes on from, and what it keeps. */

import type { HeldLayer } from '../../layers/types.ts';
import type { StepTimes } from '../../post-processors/build-facts.ts';
import type { Cut } from './cuts.ts';

/** A layer that the build goes on from. */
export type Taken = { readonly cut: Cut; readonly held: HeldLayer };

/** What was put into the folder of a layer. */
export type FilledLayer = {
  readonly facts: unknown;
  readonly stoodStillMs?: number;
  /** Completes its files, beside the build. */
  readonly finish?: (signal: AbortSignal) => Promise<void>;
  /** Where too many images lie beneath its disks: makes them stand on their own, before it is a layer. */
  readonly flatten?: (signal: AbortSignal) => Promise<void>;
  /** Tells why it is not to be a layer, once that is known; undefined: it is. */
  readonly proof?: Promise<string | undefined>;
};

export type Layering = {
  readonly cuts: readonly Cut[];
  /** The key of the whole plan, with all that goes into it on this host. Undefined: there are no keys. */
  readonly wholeKey?: string;
  /** Undefined: from the beginning. */
  readonly from?: Taken;
  /** Whether what a part does may be kept: then it is told nothing that is another in each build. */
  readonly isConstant: (part: string) => boolean;
  /** No build could go on from the layer that was taken: it goes when the attempt has ended. */
  readonly spoil: () => void;
  /** Whether what was made so far is worth to be kept here. */
  readonly isWorthIt: (cut: Cut) => boolean;
  /** Whether the guest is to be started anew for that, after these steps. */
  readonly isWorthRestart: (cut: Cut, steps: readonly StepTimes[]) => boolean;
  /** The step of this name has started the guest anew, which took so many seconds, where that is known. */
  readonly restarted: (step: string, seconds?: number) => void;
  /**
   * Keeps what has been made so far: `fill` puts the files of the layer into its folder, and what it throws is the build's
   * own fault only where `fill` could not leave all as it was. False: it was not kept. The files must stay where they are.
   */
  readonly keep: (cut: Cut, roomBytes: number, fill: (folder: string) => Promise<FilledLayer>) => Promise<boolean>;
  /**
   * Proves a layer that an earlier daemon had put in its place while the guest was being started anew; `why`: it is not to be one. Undefined: there is
   * none there.
   */
  readonly proofOf: (cut: Cut) => ((why?: string) => void) | undefined;
  /** The plan has come past a place where nothing is kept: other builds need not wait for it. */
  readonly passed: (cut: Cut) => void;
  /** Says why nothing is kept there. */
  readonly notKept: (cut: Cut, why: string) => void;
  /** Resolves when all that is being kept is kept or has failed. Never rejects. */
  readonly settled: () => Promise<void>;
  /** The same at the end of the build, but for what waits for disks to be flattened: that goes on without it. */
  readonly ended: () => Promise<void>;
};

/** A build that neither takes nor keeps. */
export const noLayering: Layering = {
  cuts: [],
  isConstant: () => false,
  spoil: () => undefined,
  isWorthIt: () => false,
  isWorthRestart: () => false,
  restarted: () => undefined,
  keep: async () => false,
  proofOf: () => undefined,
  passed: () => undefined,
  notKept: () => undefined,
  settled: async () => undefined,
  ended: async () => undefined,
};

/** The same for a build whose machine is not what its input alone has made of it: nothing of it is kept. */
export const keepingNoMore = (layering: Layering): Layering => ({
  ...layering,
  isConstant: () => false,
  isWorthIt: () => false,
  isWorthRestart: () => false,
  keep: async () => false,
});
