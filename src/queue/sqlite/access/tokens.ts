import type { Connection } from '../connection.ts';
import { parsed } from '../rows.ts';
import type { Scope, Token } from '../../records.ts';
import type { Store } from '../../store.ts';

/** A row of `token`, as the migrations have it. */
export type TokenRow = {
  readonly id: string;
  readonly name: string;
  readonly scopes: string;
  readonly hash: Buffer;
  readonly created_at: number;
  readonly revoked_at: number | null;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
};

export const toToken = ({ id, name, scopes, created_at, revoked_at, expires_at, last_used_at }: TokenRow): Token => ({
  id,
  name,
  scopes: parsed<readonly Scope[]>(scopes),
  createdAt: created_at,
  ...(expires_at === null ? {} : { expiresAt: expires_at }),
  ...(last_used_at === null ? {} : { lastUsedAt: last_used_at }),
  ...(revoked_at === null ? {} : { revokedAt: revoked_at }),
});

/** Who may call. Read from the table each time, so that what `imaged token` changes beside a running daemon counts at once. */
export const makeTokens = ({
  db,
  clock,
  read,
  write,
}: Connection): Pick<Store, 'addToken' | 'tokens' | 'tokenUsed' | 'revokeToken'> => {
  const all = db.prepare<[], TokenRow>('SELECT * FROM token ORDER BY created_at, id');
  const byId = db.prepare<[string], TokenRow>('SELECT * FROM token WHERE id = ?');
  const insert = db.prepare<[TokenRow]>(`
    INSERT INTO token (id, name, scopes, hash, created_at, expires_at)
    VALUES (:id, :name, :scopes, :hash, :created_at, :expires_at)`);
  const used = db.prepare<[number, string]>('UPDATE token SET last_used_at = ? WHERE id = ? AND revoked_at IS NULL');
  const revoke = db.prepare<[number, string]>('UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  return {
    addToken: ({ id, name, scopes, hash, expiresAt }) =>
      write('power', () => {
        const row = {
          id,
          name,
          scopes: JSON.stringify(scopes),
          hash: Buffer.from(hash),
          created_at: clock.now(),
          revoked_at: null,
          expires_at: expiresAt ?? null,
          last_used_at: null,
        };
        insert.run(row);
        return toToken(row);
      }),
    tokens: () => read(() => all.all().map((row) => ({ ...toToken(row), hash: row.hash }))),
    tokenUsed: (id) => write('process', () => void used.run(clock.now(), id)),
    revokeToken: (id) =>
      write('power', () => {
        revoke.run(clock.now(), id);
        const row = byId.get(id);
        return row && toToken(row);
      }),
  };
};
