import { distance } from 'fastest-levenshtein';

const longest = 64;

/** The name nearest to `word`, which may be a typing error; undefined when none is near. Upper and lower case are the same. */
export const nearest = (word: string, names: Iterable<string>): string | undefined => {
  if (word.length > longest) return undefined;
  let best: { readonly name: string; readonly far: number } | undefined;
  for (const name of names) {
    const far = distance(word.toLowerCase(), name.toLowerCase());
    // Two letters swapped are two edits.
    const most = name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
    if (far <= most && (best === undefined || far < best.far)) best = { name, far };
  }
  return best?.name;
};

let disjunction: Intl.ListFormat | undefined;

/** Words of which one is meant, for people: `a, b, or c`. The first call loads the rules of the language, which takes some milliseconds. */
export const anyOf = (words: Iterable<string>): string =>
  (disjunction ??= new Intl.ListFormat('en', { type: 'disjunction' })).format(words);

const mostNames = 100;

/** The end of a field error about an unknown name: the nearest one, or those there are. */
export const didYouMean = (word: string, names: readonly string[]): string => {
  const near = nearest(word, names);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return names.length === 0 ? 'there is none' : `there is: ${names.slice(0, mostNames).join(', ')}${more}`;
};

/** Wrong places of one request that are told; the rest is counted. */
export const maxFieldErrors = 100;

// Comparing a word with every name costs more than all else that is said of it.
const mostSuggestions = 20;

/** Says what is wrong with unknown keys of one request: `say`, which compares, is called for the first few. */
export const unknownKeys = (): ((say: () => string) => string) => {
  let left = mostSuggestions;
  return (say) => {
    left -= 1;
    return left >= 0 ? say() : 'is an unknown key';
  };
};

/** `didYouMean` for one request: the first few words are compared, and of the names for others only their number is told. */
export const suggestions = (): typeof didYouMean => {
  let left = mostSuggestions;
  return (word, names) => {
    left -= 1;
    return left >= 0 ? didYouMean(word, names) : `there are ${names.length}`;
  };
};

/** A client's word in a message: quoted, and never longer than what helps. */
export const quoted = (word: string): string =>
  JSON.stringify(word.length > longest ? `${word.slice(0, longest)}…` : word);
