import type { Token } from './records.ts';

/** A browser that has logged in with a token. */
export type PageSession = {
  readonly token: Token;
  /** Unix milliseconds. */
  readonly expiresAt: number;
};

/** Who has logged in to the page. */
export type SessionStore = {
  /** Keeps only the hash of the secret. Forgets what has expired, and the oldest of this token beyond `bounds.sessions`. */
  readonly addSession: (session: {
    readonly hash: Uint8Array;
    readonly tokenId: string;
    readonly expiresAt: number;
  }) => Promise<void>;
  /** Undefined once it has ended or expired, or its token has, or was revoked. */
  readonly session: (hash: Uint8Array) => Promise<PageSession | undefined>;
  /** Ends it. */
  readonly removeSession: (hash: Uint8Array) => Promise<void>;
};
