import { Fault } from '../../base/fault.ts';
import { onKey, type FirstUse } from '../rules/idempotency.ts';
import type { Idempotency } from '../asked.ts';
import type { Connection } from './connection.ts';

const otherBody = (key: string, { kind, id }: FirstUse): Fault =>
  new Fault(
    'idempotency_mismatch',
    `The key ${key} was used for ${kind} ${id} with another body. Use a new key for each request.`,
    { [kind]: id },
  );

type KeyRow = { readonly digest: string; readonly build_id: string | null; readonly run_id: string | null };

const firstUse = ({ digest, build_id, run_id }: KeyRow): FirstUse =>
  run_id === null ? { digest, kind: 'build', id: build_id ?? '' } : { digest, kind: 'run', id: run_id };

/** Requests that clients may send again. To be called within a `read` or a `write`. */
export type StoreKeys = {
  /** What this key made before, if it did: a build or a run of this id. Throws `idempotency_mismatch`. */
  readonly used: (idempotency: Idempotency, kind: FirstUse['kind']) => string | undefined;
  readonly keep: (idempotency: Idempotency, kind: FirstUse['kind'], id: string) => void;
};

export const makeKeys = ({ db, encryption }: Pick<Connection, 'db' | 'encryption'>): StoreKeys => {
  const byKey = db.prepare<[string, string], KeyRow>(
    'SELECT digest, build_id, run_id FROM idempotency WHERE owner = ? AND key = ?',
  );
  const insert = db.prepare('INSERT INTO idempotency (owner, key, digest, build_id, run_id) VALUES (?, ?, ?, ?, ?)');
  return {
    used: ({ owner, key, digest }, kind) => {
      const row = byKey.get(owner, key);
      const use = onKey(row && firstUse(row), { digest: encryption.mac(digest), kind });
      if (use.kind === 'conflict') throw otherBody(key, use.first);
      return use.kind === 'replay' ? use.first.id : undefined;
    },
    keep: ({ owner, key, digest }, kind, id) =>
      insert.run(owner, key, encryption.mac(digest), kind === 'build' ? id : null, kind === 'run' ? id : null),
  };
};
