type Part = 'any' | ((character: string) => boolean);

/** `[a-c]`, `[!a]`: what stands in the brackets. A range with its ends swapped holds nothing. */
const classOf = (inner: string): Part => {
  const isNot = inner.startsWith('!');
  const set = isNot ? inner.slice(1) : inner;
  const holds = (character: string) => {
    for (let at = 0; at < set.length; at++) {
      const [low = '', dash, high] = set.slice(at, at + 3);
      if (dash !== '-' || high === undefined) {
        if (low === character) return true;
        continue;
      }
      if (low <= character && character <= high) return true;
      at += 2;
    }
    return false;
  };
  return (character) => holds(character) !== isNot;
};

const partsOf = (glob: string): readonly Part[] =>
  [...glob.matchAll(/\[([^\]]+)\]|([^])/g)].map(([, inner, character = '']): Part => {
    if (inner !== undefined) return classOf(inner);
    if (character === '*') return 'any';
    return character === '?' ? () => true : (one) => one === character;
  });

/**
 * Whether a pattern of the shell (`*`, `?` and `[...]`) matches a whole name, in time that grows with both: only the last
 * `*` is ever tried again, which is enough.
 */
export const matchesGlob = (glob: string, name: string): boolean => {
  const parts = partsOf(glob);
  let part = 0;
  let at = 0;
  let again: { readonly part: number; at: number } | undefined;
  while (at < name.length) {
    const is = parts[part];
    if (is === 'any') {
      part += 1;
      again = { part, at };
    } else if (is?.(name[at] ?? '') === true) {
      part += 1;
      at += 1;
    } else if (again === undefined) return false;
    else {
      again.at += 1;
      ({ part, at } = again);
    }
  }
  return parts.slice(part).every((rest) => rest === 'any');
};
