import type { WebSocket } from 'ws';

/** Why a socket is closed: codes of RFC 6455 (7.4), and from 4000 on those of this API. A reason has at most 123 bytes. */
export const closings = {
  stopping: { code: 1001, reason: 'imaged stops: attach again when it is back' },
  notUnderstood: {
    code: 1003,
    reason: 'a text is JSON that this socket knows: {"resize": {"columns": 80, "rows": 24}}',
  },
  broken: { code: 1011, reason: 'imaged itself has failed: see its log' },
  notHeld: { code: 4000, reason: 'the build is neither held nor at a breakpoint any more' },
  slowReader: { code: 4001, reason: 'what the console said was not taken: read it at /console' },
  deafGuest: { code: 4002, reason: 'the guest does not take what is typed' },
  silentClient: { code: 4003, reason: 'no answer came to a ping' },
  revoked: { code: 4004, reason: 'the token or the session is not valid any more' },
} as const satisfies Record<string, { readonly code: number; readonly reason: string }>;

export type Closing = keyof typeof closings;

/** Closes a socket and says why. */
export const closeSocket = (socket: WebSocket, why: Closing): void => {
  const { code, reason } = closings[why];
  // Its answer may be behind what was not read.
  socket.resume();
  socket.close(code, reason);
};
