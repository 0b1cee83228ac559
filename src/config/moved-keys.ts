/** Keys of [hypervisor] at the places that they had in earlier versions: read still, and told. */

import type { FieldError } from '../base/fault.ts';
import { tableOfKey } from './hypervisor.ts';

/** What stands at an old place, and where it belongs now: places of the configuration, such as `hypervisor.qemu.binary`. */
export type MovedKey = { readonly from: string; readonly to: string };

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The line that tells an operator what to write instead. */
export const movedWords = ({ from, to }: MovedKey): string => `${from} is the old form of ${to}: write that instead`;

/**
 * The document with each of these keys at its new place. `twice`: what stands at both places, which no one configuration can have
 * meant. What is no table stays as it is, for the schema to refuse.
 */
export const movedKeys = (
  document: Table,
): { readonly document: Table; readonly moved: readonly MovedKey[]; readonly twice: readonly FieldError[] } => {
  const { hypervisor } = document;
  if (!isTable(hypervisor)) return { document, moved: [], twice: [] };
  const now: Record<string, unknown> = { ...hypervisor };
  const moved: MovedKey[] = [];
  const twice: FieldError[] = [];
  if (now['type'] === 'vmctl') {
    now['type'] = 'vmd';
    moved.push({ from: 'hypervisor.type = "vmctl"', to: 'hypervisor.type = "vmd"' });
  }
  for (const [key, value] of Object.entries(hypervisor)) {
    const name = tableOfKey.get(key);
    if (name === undefined) continue;
    const table = now[name] ?? {};
    if (!isTable(table)) continue;
    const [from, to] = [`hypervisor.${key}`, `hypervisor.${name}.${key}`];
    if (Object.hasOwn(table, key))
      twice.push({ pointer: from, message: `is the old form of ${to}, and both are there: keep ${to} alone` });
    delete now[key];
    now[name] = { ...table, [key]: value };
    moved.push({ from, to });
  }
  return { document: { ...document, hypervisor: now }, moved, twice };
};
