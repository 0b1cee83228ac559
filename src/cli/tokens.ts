import { mintToken } from '../api/server/authentication/tokens.ts';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { systemIds } from '../base/ids.ts';
import type { Scope, Token } from '../queue/records.ts';
import { openStoreBeside } from './open-store.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

const timeText = (ms: number): string => new Date(ms).toISOString();

const stateOf = ({ revokedAt, expiresAt }: Token, now: number): string => {
  if (revokedAt !== undefined) return `revoked ${timeText(revokedAt)}`;
  if (expiresAt === undefined) return 'valid';
  return `${expiresAt > now ? 'valid until' : 'expired'} ${timeText(expiresAt)}`;
};

/** Makes a token and prints its secret, the only time that it can be seen. */
export const addToken = async ({
  file,
  token,
  scopes,
  expiresInMs,
}: {
  readonly file: string;
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly expiresInMs?: number;
}): Promise<void> => {
  const { store } = await openStoreBeside(file);
  await using _open = store;
  const minted = mintToken(systemIds);
  const expiresAt = expiresInMs === undefined ? {} : { expiresAt: systemClock.now() + expiresInMs };
  await store.addToken({ id: minted.id, name: token, scopes, hash: minted.hash, ...expiresAt });
  say(minted.secret);
};

export const listTokens = async ({ file }: { readonly file: string }): Promise<void> => {
  const { store } = await openStoreBeside(file);
  await using _open = store;
  const now = systemClock.now();
  for (const token of await store.tokens()) {
    const { id, name, scopes, createdAt, lastUsedAt } = token;
    const used = lastUsedAt === undefined ? 'never used' : `last used ${timeText(lastUsedAt)}`;
    say([id, name, scopes.join(','), timeText(createdAt), stateOf(token, now), used].join('\t'));
  }
};

export const revokeToken = async ({ file, id }: { readonly file: string; readonly id: string }): Promise<void> => {
  const { store } = await openStoreBeside(file);
  await using _open = store;
  if ((await store.revokeToken(id.toUpperCase())) === undefined)
    throw new Fault('not_found', `There is no token with the id "${id}"; "imaged token list" shows them.`);
};
