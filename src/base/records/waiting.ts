/** What a queued build can wait for: room, a free worker, a host that can build, the end of a pause, another build of its run. */
export const waitingFor = ['slot', 'memory', 'disk', 'hypervisor', 'retry', 'run'] as const;

/** Why a queued build does not run yet. */
export type Waiting = {
  readonly for: (typeof waitingFor)[number];
  /** Its place in the queue: 1 for the head. */
  readonly position: number;
  /** MiB of memory or disk that it takes, and that it could have now. */
  readonly needsMb?: number;
  readonly freeMb?: number;
  /** It would not run now even if no other did. */
  readonly evenAlone?: true;
  readonly message: string;
};
