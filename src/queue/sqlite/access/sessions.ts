import { bounds } from '../../../base/bounds.ts';
import type { SessionStore } from '../../sessions.ts';
import type { Connection } from '../connection.ts';
import { toToken, type TokenRow } from './tokens.ts';

type Row = TokenRow & { readonly session_expires_at: number };

type NewRow = { readonly hash: Buffer; readonly token_id: string; readonly now: number; readonly expires_at: number };

/** Who has logged in. The token is looked at each time, so that revoking it ends its sessions at once. */
export const makeSessions = ({ db, clock, read, write }: Connection): SessionStore => {
  const insert = db.prepare<[NewRow]>(
    'INSERT INTO session (hash, token_id, created_at, expires_at) VALUES (:hash, :token_id, :now, :expires_at)',
  );
  const forgetExpired = db.prepare<[number]>('DELETE FROM session WHERE expires_at <= ?');
  const forgetOldest = db.prepare<[string, number]>(`
    DELETE FROM session WHERE hash IN (
      SELECT hash FROM session WHERE token_id = ? ORDER BY created_at DESC, hash LIMIT -1 OFFSET ?)`);
  const find = db.prepare<[{ readonly hash: Buffer; readonly now: number }], Row>(`
    SELECT token.*, session.expires_at AS session_expires_at
    FROM session JOIN token ON token.id = session.token_id
    WHERE session.hash = :hash AND session.expires_at > :now
      AND token.revoked_at IS NULL AND (token.expires_at IS NULL OR token.expires_at > :now)`);
  const remove = db.prepare<[Buffer]>('DELETE FROM session WHERE hash = ?');
  return {
    addSession: ({ hash, tokenId, expiresAt }) =>
      write('power', () => {
        const now = clock.now();
        forgetExpired.run(now);
        insert.run({ hash: Buffer.from(hash), token_id: tokenId, now, expires_at: expiresAt });
        forgetOldest.run(tokenId, bounds.sessions);
      }),
    session: (hash) =>
      read(() => {
        const row = find.get({ hash: Buffer.from(hash), now: clock.now() });
        return row && { token: toToken(row), expiresAt: row.session_expires_at };
      }),
    removeSession: (hash) => write('power', () => void remove.run(Buffer.from(hash))),
  };
};
