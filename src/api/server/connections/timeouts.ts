import type { BodyPace, ReaderPace } from './pace.ts';

/** How long clients may take for what they do. */
export type Timeouts = {
  /** For a request line and its headers, from the connection's beginning or the request's first byte. */
  readonly headersMs: number;
  /** Between two requests of a connection that has shown no token. */
  readonly strangerIdleMs: number;
  /** Between two requests of one that has. */
  readonly idleMs: number;
  readonly body: BodyPace;
  readonly reader: ReaderPace;
  /** To close, once it has been told that its connection ends. */
  readonly leaveMs: number;
  /** How often all this is looked at. */
  readonly lookEveryMs: number;
};

export const usualTimeouts: Timeouts = {
  headersMs: 10_000,
  strangerIdleMs: 5000,
  // Proxies keep their connections to a server for a minute (nginx, keepalive_timeout).
  idleMs: 75_000,
  body: {
    graceMs: 10_000,
    leastBytesPerSecond: 1024,
    silentMs: 30_000,
    wholeMs: 60_000,
    wholeBytesPerSecond: 128 * 1024,
  },
  reader: { graceMs: 30_000, leastBytesPerSecond: 4096 },
  leaveMs: 1000,
  lookEveryMs: 1000,
};
