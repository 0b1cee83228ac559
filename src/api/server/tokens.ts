import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/ids.ts';
import type { Scope, Store, Token } from '../../queue/store.ts';

// SHA-256 and no slow hash: what is hashed has 256 random bits, so nobody guesses it however fast they hash.
const hashOf = (secret: string): Uint8Array => createHash('sha256').update(secret).digest();

export type MintedToken = {
  readonly id: string;
  /** `imgd_<id>_<secret>`: shown once, kept nowhere. */
  readonly secret: string;
  /** What the store keeps. */
  readonly hash: Uint8Array;
};

/** A new bearer token with 256 random bits. */
export const mintToken = (ids: Ids): MintedToken => {
  const id = ids.id();
  const secret = `imgd_${id}_${ids.secret()}`;
  return { id, secret, hash: hashOf(secret) };
};

/** Whether a token with these scopes may do what needs `wanted`. */
export const allows = (scopes: readonly Scope[], wanted: Scope): boolean =>
  scopes.includes('admin') || scopes.includes(wanted) || (wanted === 'builds:read' && scopes.includes('builds:write'));

type StoredToken = Awaited<ReturnType<Store['tokens']>>[number];

// Every stored hash is compared, whichever matches, so that the time taken tells nothing about any of them.
const match = (tokens: readonly StoredToken[], hash: Uint8Array): StoredToken | undefined =>
  tokens.reduce<StoredToken | undefined>(
    (found, token) => (timingSafeEqual(token.hash, hash) && token.revokedAt === undefined ? token : found),
    undefined,
  );

/** How long a revoked token may still be let in. */
const staleMs = 500;

/** Knows the bearer of a secret. Rows are read at most every 500 ms, and again before anybody is turned away. */
export const makeBearers = (store: Pick<Store, 'tokens'>, clock: Clock) => {
  let rows: { readonly tokens: readonly StoredToken[]; readonly readAt: number } | undefined;
  const read = async () => {
    const tokens = await store.tokens();
    rows = { tokens, readAt: clock.elapsed() };
    return tokens;
  };
  return async (secret: string): Promise<Token | undefined> => {
    const hash = hashOf(secret);
    const known = rows && clock.elapsed() - rows.readAt < staleMs ? match(rows.tokens, hash) : undefined;
    return known ?? match(await read(), hash);
  };
};

export type Bearers = ReturnType<typeof makeBearers>;
