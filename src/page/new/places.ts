import { keyOfSegment } from '../../base/json/pointer.ts';

/** What a request for a build is wrong at, as the API tells it. */
export type WrongPlace = {
  readonly pointer: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
};

// A place in a JSON body, in the query beside an archive, or in the archive's file of values.
const variable = /^(?:\/variables|query:\/variable|variables\.json:)\/([^/]+)/;
const label = /^(?:\/labels|query:\/label)(?:\/|$)/;
const setting = /^(?:query:)?\/(priority|cache|machine|on_error|parallel)(?:\/|$)/;
const chosen = /^(?:query:)?\/only(?:\/|$)/;

/** The field of the form that a place belongs to: a variable's is `variable:NAME`. Undefined: it has none. */
export const fieldOf = (pointer: string): string | undefined => {
  const name = variable.exec(pointer)?.[1];
  if (name !== undefined) return `variable:${keyOfSegment(name)}`;
  if (label.test(pointer)) return 'labels';
  return chosen.test(pointer) ? 'machine' : setting.exec(pointer)?.[1];
};

/** What is wrong by the field that it is shown at; under the empty text what has none of those that are shown. */
export const byField = (
  errors: readonly WrongPlace[],
  shown: ReadonlySet<string>,
): ReadonlyMap<string, readonly WrongPlace[]> => {
  const found = new Map<string, readonly WrongPlace[]>();
  for (const error of errors) {
    const field = fieldOf(error.pointer) ?? '';
    const at = shown.has(field) ? field : '';
    found.set(at, [...(found.get(at) ?? []), error]);
  }
  return found;
};
