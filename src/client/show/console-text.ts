/**
 * What a guest wrote on its console, as text: without the sequences that a terminal obeys (ECMA-48: CSI, OSC and other
 * strings, single escapes), wherever a piece was cut.
 *
 *     text ── ESC ──▶ escape ── [ ──▶ csi ── final byte ──▶ text
 *                       ├── ] P X ^ _ ──▶ string ── BEL, or ESC \ ──▶ text
 *                       └── ( ) and others that take one more ──▶ one more ──▶ text
 */

type State = 'text' | 'escape' | 'csi' | 'string' | 'string escape' | 'one more';

const escape = '\x1b';
const isFinal = (character: string): boolean => character >= '@' && character <= '~';

/** Where a character leads; `undefined` as state: it is text itself. */
const next = (state: State, character: string): State | undefined => {
  // These two end whatever was begun.
  if (character === '\x18' || character === '\x1a') return 'text';
  switch (state) {
    case 'text':
      return character === escape ? 'escape' : character === '\x9b' ? 'csi' : /[\x90\x98\x9d\x9e\x9f]/.test(character) ? 'string' : undefined; // prettier-ignore
    case 'escape':
      if (character === escape) return 'escape';
      if (character === '[') return 'csi';
      if (/[\]PX^_]/.test(character)) return 'string';
      return character >= ' ' && character <= '/' ? 'one more' : 'text';
    case 'csi':
      return character === escape ? 'escape' : isFinal(character) ? 'text' : 'csi';
    case 'string':
      return character === '\x07' || character === '\x9c' ? 'text' : character === escape ? 'string escape' : 'string';
    case 'string escape':
      return character === '\\' ? 'text' : 'string';
    case 'one more':
      return character >= ' ' && character <= '/' ? 'one more' : 'text';
  }
};

// A string that is never ended would hide all that follows: it is cut where a line ends, or where it is longer than this.
const longestHidden = 4096;

/** Takes pieces as they come and gives their text: lines end with LF; carriage returns, bells and backspaces are gone. */
export const consoleText = (): ((piece: string) => string) => {
  let state: State = 'text';
  let hidden = 0;
  return (piece) => {
    let text = '';
    for (const character of piece) {
      if (state !== 'text' && (character === '\n' || hidden > longestHidden)) state = 'text';
      const then = next(state, character);
      hidden = then === undefined || then === 'text' ? 0 : hidden + 1;
      state = then ?? 'text';
      if (then === undefined && !/[\r\x07\x08\x00]/.test(character)) text += character;
    }
    return text;
  };
};
