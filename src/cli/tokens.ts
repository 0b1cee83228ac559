import { mintToken } from '../api/server/tokens.ts';
import { systemClock } from '../base/clock.ts';
import { checkConfig, keyFileOf, readConfig } from '../config/config.ts';
import { foldersBelow } from '../build/folders/folders.ts';
import { Fault } from '../base/fault.ts';
import { systemIds } from '../base/ids.ts';
import { migrations, openStore } from '../queue/sqlite/open-store.ts';
import type { Scope, Token } from '../queue/records.ts';
import type { Store } from '../queue/store.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** The store of a configuration, beside a daemon that may be running. */
const storeOf = async (file: string): Promise<Store> => {
  const config = await readConfig(file);
  await checkConfig(config, file);
  const folders = foldersBelow(config.data_dir, config.run_dir);
  return openStore({
    file: folders.store,
    place: await folders.storePlace(),
    migrations,
    keyFile: keyFileOf(config),
    clock: systemClock,
    shared: true,
  });
};

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
  await using store = await storeOf(file);
  const minted = mintToken(systemIds);
  const expiresAt = expiresInMs === undefined ? {} : { expiresAt: systemClock.now() + expiresInMs };
  await store.addToken({ id: minted.id, name: token, scopes, hash: minted.hash, ...expiresAt });
  say(minted.secret);
};

export const listTokens = async ({ file }: { readonly file: string }): Promise<void> => {
  await using store = await storeOf(file);
  const now = systemClock.now();
  for (const token of await store.tokens()) {
    const { id, name, scopes, createdAt, lastUsedAt } = token;
    const used = lastUsedAt === undefined ? 'never used' : `last used ${timeText(lastUsedAt)}`;
    say([id, name, scopes.join(','), timeText(createdAt), stateOf(token, now), used].join('\t'));
  }
};

export const revokeToken = async ({ file, id }: { readonly file: string; readonly id: string }): Promise<void> => {
  await using store = await storeOf(file);
  if ((await store.revokeToken(id.toUpperCase())) === undefined)
    throw new Fault('not_found', `There is no token with the id "${id}"; "imaged token list" shows them.`);
};
