import { distance } from 'fastest-levenshtein';

const longest = 64;

/** The name that somebody who wrote `word` may have meant, or undefined when none is near; capitals do not count. */
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

/** The end of a complaint about an unknown name: the nearest one, or all there are. */
export const meant = (word: string, names: readonly string[]): string => {
  const near = nearest(word, names);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  return names.length === 0 ? 'there is none' : `there is: ${names.join(', ')}`;
};

/** A client's word in a message: quoted, and never longer than what helps. */
export const quoted = (word: string): string =>
  JSON.stringify(word.length > longest ? `${word.slice(0, longest)}…` : word);
