import { redrawsIn } from './redraw.ts';

/**
 * A piece of an echo: a character, or the end of a line that was drawn again. `brings` are the characters (0 or 1) of it that
 * had not been shown before: ksh draws the line again when it has shown the first of a character's bytes.
 */
export type EchoPiece = string | { readonly redrawn: readonly string[]; readonly brings: 0 | 1 };

const brokenCharacter = '\ufffd';

// A backspace takes back the character before it: a spinner, an erased character, the wrap of a line editor.
const addCharacters = (pieces: EchoPiece[], text: string): void => {
  for (const character of text) {
    if (character === '\b') {
      const last = pieces.at(-1);
      if (typeof last === 'string' && last !== '\n' && last !== '\r') pieces.pop();
    } else if (character === '\n' || character === '\r' || character >= ' ') pieces.push(character);
  }
};

/** What a text without escape sequences shows in the end, piece by piece. */
export const settle = (text: string): readonly EchoPiece[] => {
  const pieces: EchoPiece[] = [];
  let done = 0;
  for (const { at, length, shows } of redrawsIn(text)) {
    addCharacters(pieces, text.slice(done, at));
    const brings = pieces.at(-1) === brokenCharacter && shows !== '' ? 1 : 0;
    if (brings === 1) pieces.pop();
    pieces.push({ redrawn: [...shows], brings });
    done = at + length;
  }
  addCharacters(pieces, text.slice(done));
  return pieces;
};
