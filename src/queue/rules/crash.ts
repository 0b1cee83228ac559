/**
 * What the deaths of the daemon mean for the builds that ran when it died:
 *
 *   clear ──2 crashes, or 10 deaths──▶ suspect ──alone: 3 crashes, or 15 deaths──▶ failed
 *
 * Every build that ran is counted, since it is not known which one it was. So a suspect runs alone from then on, and
 * only deaths while it runs alone can fail it: no build is failed because of another.
 */

/** How often the daemon died while a build ran. A crash is a death in a step that had been running for a while. */
export type CrashCount = {
  readonly deaths: number;
  readonly crashes: number;
  readonly loneDeaths: number;
  readonly loneCrashes: number;
};

/** What is known of one death for one build. */
export type Death = {
  /** How long its step had been running when the daemon was last known to live; undefined between two steps. */
  readonly stepMs: number | undefined;
  /** It was a suspect, and no other build ran or was held. */
  readonly isAlone: boolean;
};

export type CrashLimits = {
  /** A death in a step that has run shorter is not the step's doing as a rule: a daemon may be killed at its start. */
  readonly crashAfterMs: number;
  /** So many of either make a suspect. */
  readonly suspect: { readonly crashes: number; readonly deaths: number };
  /** So many of either, while it ran alone, fail it. Deaths have a limit too: else it could kill the daemon for ever. */
  readonly failed: { readonly crashes: number; readonly deaths: number };
};

export const crashLimits: CrashLimits = {
  crashAfterMs: 5_000,
  suspect: { crashes: 2, deaths: 10 },
  failed: { crashes: 3, deaths: 15 },
};

/** How often running builds say that they live: what `crashAfterMs` is told by. */
export const aliveEveryMs = 5_000;

/**
 * Whether a build has to do with the end of the daemon at all: not if the daemon was stopping it itself, nor if the
 * host has booted since, which no build can make it do.
 */
export const isItsDeath = (aliveAt: number | undefined, hostBootedAt: number): boolean =>
  aliveAt !== undefined && aliveAt >= hostBootedAt;

/** The count with one more death, and what becomes of the build. */
export const afterDeath = (
  before: CrashCount,
  { stepMs, isAlone }: Death,
  limits: CrashLimits,
): { readonly count: CrashCount; readonly verdict: 'clear' | 'suspect' | 'failed' } => {
  const isCrash = stepMs !== undefined && stepMs >= limits.crashAfterMs;
  const one = (counts: boolean) => (counts ? 1 : 0);
  const count = {
    deaths: before.deaths + 1,
    crashes: before.crashes + one(isCrash),
    loneDeaths: before.loneDeaths + one(isAlone),
    loneCrashes: before.loneCrashes + one(isAlone && isCrash),
  };
  const { suspect, failed } = limits;
  if (count.loneCrashes >= failed.crashes || count.loneDeaths >= failed.deaths) return { count, verdict: 'failed' };
  const isSuspect = count.crashes >= suspect.crashes || count.deaths >= suspect.deaths;
  return { count, verdict: isSuspect ? 'suspect' : 'clear' };
};
