import type { z } from 'zod';
import type { BuildChange } from './schema.ts';

/** A change, and its texts: each is written once for all who are told of it in one form. */
export type LoggedChange = { readonly value: z.output<typeof BuildChange>; readonly texts: Map<string, string> };

export type ChangeLog = {
  readonly append: (change: Omit<z.output<typeof BuildChange>, 'id'>) => void;
  /** What came after this place, with the place behind it. A `reset` alone where that is not known. */
  readonly since: (place: string | undefined) => { readonly changes: readonly LoggedChange[]; readonly place: string };
};

// Changes that are kept for those who come back, or are slow: of a busy host, some minutes.
const kept = 1000;

/** The newest changes, numbered from 1 behind `life`, a name that no other log has. */
export const makeLog = (life: string): ChangeLog => {
  let changes: LoggedChange[] = [];
  // The number of the change before the first that is kept.
  let before = 0;
  const last = () => before + changes.length;
  const placeOf = (number: number) => `${life}-${number}`;

  /** The number of a place in this log; undefined where it is of another one, or of a time that is not kept. */
  const numberOf = (place: string | undefined): number | undefined => {
    const [its = '', number = ''] = place?.split('-') ?? [];
    return its === life && Number(number) >= before && Number(number) <= last() ? Number(number) : undefined;
  };
  return {
    append: (change) => {
      changes.push({ value: { id: placeOf(last() + 1), ...change }, texts: new Map() });
      if (changes.length < 2 * kept) return;
      changes = changes.slice(-kept);
      before += kept;
    },
    since: (place) => {
      const number = numberOf(place);
      const now = placeOf(last());
      return number === undefined
        ? { changes: [{ value: { id: now, type: 'reset' }, texts: new Map() }], place: now }
        : { changes: changes.slice(number - before), place: now };
    },
  };
};
