import { connectionsOfEndpoint } from '../../base/descriptors.ts';

/** What a guest can hold of the daemon: it is hostile until proven otherwise. */
export type EndpointLimits = {
  readonly connections: number;
  /** Requests of one connection that wait for their answers. */
  readonly waiting: number;
  readonly headerBytes: number;
  /** For a request line and its headers to arrive. */
  readonly requestMs: number;
  /** A connection on which not one byte moves. */
  readonly silentMs: number;
  /** Between two requests of one connection. */
  readonly idleMs: number;
  /** To close, for a connection that was refused. */
  readonly leaveMs: number;
  /** For its peer to close a connection after the last reply. */
  readonly closeMs: number;
  /** How often node looks for requests that take too long. */
  readonly lookEveryMs: number;
};

export const usualLimits: EndpointLimits = {
  connections: connectionsOfEndpoint,
  waiting: 16,
  headerBytes: 8 * 1024,
  requestMs: 20_000,
  // An emulated guest that writes a set to its disk may pause long.
  silentMs: 120_000,
  idleMs: 30_000,
  leaveMs: 1000,
  closeMs: 10_000,
  lookEveryMs: 5000,
};
