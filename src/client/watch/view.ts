import type { Build, Event } from '../api/types.ts';

/** How a build is shown while it is watched. */
export type WatchView = Disposable & {
  /** The text that it wants to be given: the log, or the console. */
  readonly text: 'log' | 'console' | undefined;
  readonly onEvent: (event: Event) => void;
  readonly onText: (piece: string) => void;
  readonly onBuild: (build: Build) => void;
  /** That the daemon is away; undefined: it is back. */
  readonly onNotice: (notice: string | undefined) => void;
  /** Nothing is drawn while somebody is asked. */
  readonly pause: () => void;
  readonly go: () => void;
};
