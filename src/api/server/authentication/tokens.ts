import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Ids } from '../../../base/ids.ts';
import type { Scope, Token } from '../../../queue/records.ts';
import type { Store } from '../../../queue/store.ts';

/** What is kept of a secret. SHA-256 and no slow hash: it has 256 random bits, so it cannot be guessed, however fast the hash. */
export const hashOf = (secret: string): Uint8Array => hash('sha256', secret, 'buffer');

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

/** Whether its bearer is let in at this time (Unix milliseconds). */
export const isValid = (
  { revokedAt, expiresAt = Infinity }: Pick<Token, 'revokedAt' | 'expiresAt'>,
  now: number,
): boolean => revokedAt === undefined && now < expiresAt;

type StoredToken = Awaited<ReturnType<Store['tokens']>>[number];

// Every stored hash is compared, whichever matches, so that the time taken tells nothing about any of them.
const match = (tokens: readonly StoredToken[], hashed: Uint8Array, now: number): StoredToken | undefined =>
  tokens.reduce<StoredToken | undefined>(
    (found, token) => (timingSafeEqual(token.hash, hashed) && isValid(token, now) ? token : found),
    undefined,
  );

/** How long a revoked token may still be let in. */
const staleMs = 500;

// That it was used is noted at most so often.
const notedMs = 60_000;

/** Notes that a token was used. */
export const makeUseNotes = (store: Pick<Store, 'tokenUsed'>, clock: Pick<Clock, 'elapsed'>) => {
  const noted = new Map<string, number>();
  return ({ id }: Pick<Token, 'id'>): void => {
    const now = clock.elapsed();
    if (now < (noted.get(id) ?? -Infinity) + notedMs) return;
    noted.set(id, now);
    // Whether the store can be written is told by what needs it.
    store.tokenUsed(id).catch(() => undefined);
  };
};

/** Who is known by the secret of a token; see `makeBearers`. */
export type Bearers = (secret: string) => Token | undefined | Promise<Token | undefined>;

/**
 * Knows the bearer of a secret, and notes that the token was used. Rows are read at most every 500 ms, and again before
 * anybody is turned away. Who was let in since then is known at once: a client that polls is not hashed each time.
 */
export const makeBearers = (
  store: Pick<Store, 'tokens'>,
  clock: Clock,
  note: ReturnType<typeof makeUseNotes>,
): Bearers => {
  type Rows = {
    readonly tokens: readonly StoredToken[];
    readonly readAt: number;
    /** By secret. */
    readonly letIn: Map<string, StoredToken>;
  };
  let rows: Rows | undefined;
  const read = async () => {
    const tokens = await store.tokens();
    return (rows = { tokens, readAt: clock.elapsed(), letIn: new Map() });
  };
  const find = (secret: string, { tokens, letIn }: Rows): StoredToken | undefined => {
    const found = match(tokens, hashOf(secret), clock.now());
    if (found === undefined) return undefined;
    letIn.set(secret, found);
    note(found);
    return found;
  };
  return (secret) => {
    const recent = rows && clock.elapsed() - rows.readAt < staleMs ? rows : undefined;
    const known = recent?.letIn.get(secret);
    if (known !== undefined && isValid(known, clock.now())) return known;
    const found = recent && find(secret, recent);
    return found ?? read().then((now) => find(secret, now));
  };
};
