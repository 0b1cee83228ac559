import type { Clock } from '../base/clock.ts';
import type { Growth } from '../base/growth.ts';
import type { Ids } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Folders } from '../build/folders/folders.ts';
import type { Config } from '../config/config.ts';

/** What the process gives its daemon. */
export type Surroundings = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** How many files this process may have open. */
  readonly descriptors: number;
};

/** What all rooms of a daemon share. */
export type SharedParts = Surroundings & {
  /** As it is now: some of it may change while builds run. */
  readonly config: () => Config;
  readonly folders: Folders;
  readonly growth: Growth;
  /** The life of the daemon. */
  readonly signal: AbortSignal;
};
