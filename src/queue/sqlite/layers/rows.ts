import type { Layer, LayerEntry, LayerFile, LayerKind } from '../../../layers/types.ts';
import type { Encryption } from '../encryption/encryption.ts';
import { places } from '../encryption/columns.ts';
import { parsed } from '../rows.ts';

/** The columns that a list tells of. */
export const entryColumns =
  'seq, key, parent, depth, step, template_name, build_id, kind, made_at, used_at, uses, bytes, seconds, expires_at';

/** A row of `layer`, as far as a list tells of it. */
export type EntryRow = {
  readonly seq: number;
  readonly key: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly step: string;
  readonly template_name: string;
  readonly build_id: string;
  readonly kind: LayerKind;
  readonly made_at: number;
  readonly used_at: number;
  readonly uses: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly expires_at: number | null;
};

/** A whole row of `layer`. */
export type LayerRow = EntryRow & {
  readonly own_bytes: number;
  readonly files: string;
  readonly ingredients: string;
  readonly facts: string;
};

export const toEntry = (row: EntryRow): LayerEntry => ({
  key: row.key,
  ...(row.parent === null ? {} : { parent: row.parent }),
  depth: row.depth,
  step: row.step,
  templateName: row.template_name,
  buildId: row.build_id,
  kind: row.kind,
  madeAt: row.made_at,
  usedAt: row.used_at,
  uses: row.uses,
  bytes: row.bytes,
  seconds: row.seconds,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
});

export const toLayer = (row: LayerRow, encryption: Pick<Encryption, 'decrypt'>): Layer => ({
  ...toEntry(row),
  files: parsed<readonly LayerFile[]>(row.files),
  ingredients: parsed<Layer['ingredients']>(row.ingredients),
  facts: encryption.decrypt<unknown>(row.facts, places.layer(row.key)),
});
