import { plain } from './plain.ts';

/**
 * How what came compares with what was typed: `exact` is the echo and nothing else; `mixed` is the whole echo with other
 * output in front of it or, line by line, within it; `partial` is a beginning; `astray` is something else.
 */
export type Echo = 'exact' | 'mixed' | 'partial' | 'astray';

/** The text that an echo shows: without control characters, which come back as `^C`, as blanks, or not at all. */
export const echoable = (typed: string): string => typed.replace(/[\x00-\x1f\x7f-\x9f]/g, '');

// A backspace takes back the character before it: a spinner, an erased character, the wrap of a line editor.
const settledText = (came: string): string => {
  const kept: string[] = [];
  for (const character of plain(came).text) {
    if (character === '\b') {
      const last = kept.at(-1);
      if (last !== undefined && last !== '\n' && last !== '\r') kept.pop();
    } else if (character === '\n' || character === '\r' || character >= ' ') kept.push(character);
  }
  return kept.join('');
};

/**
 * Aligns what came with what is expected, as an automaton over both. For each count of expected characters seen, `clean`
 * is the least other output it takes to stand right behind them, `noisy` the least to stand within other output, which
 * only the end of its line ends: so a lost or altered character never aligns. Line editors wrap long lines: by CR, blank and CR,
 * CR and the last character again (bash), or a line end (busybox).
 */
const align = (text: readonly string[], expected: readonly string[], isFresh: boolean) => {
  const n = expected.length;
  let clean = new Float64Array(n + 1).fill(Infinity);
  let noisy = new Float64Array(n + 1).fill(Infinity);
  clean[0] = 0;
  const at = (costs: Float64Array, i: number) => costs[i] ?? Infinity;
  for (const [j, character] of text.entries()) {
    if (character === '\r') continue;
    const nextClean = new Float64Array(n + 1).fill(Infinity);
    const nextNoisy = new Float64Array(n + 1).fill(Infinity);
    const isBlank = character === ' ';
    for (let i = 0; i <= n; i++) {
      const [c, m] = [at(clean, i), at(noisy, i)];
      if (c === Infinity && m === Infinity) continue;
      if (character === '\n') {
        nextClean[i] = Math.min(at(nextClean, i), c, m);
        continue;
      }
      nextNoisy[i] = Math.min(at(nextNoisy, i), Math.min(c, m) + 1);
      if (c === Infinity) continue;
      if (i < n && character === expected[i]) nextClean[i + 1] = Math.min(at(nextClean, i + 1), c);
      const isRepeat = i > 0 && text[j - 1] === '\r' && character === expected[i - 1];
      const isWrap = i > 0 && isBlank && text[j + 1] === '\r' && text[j + 2] !== '\n';
      if (isRepeat || isWrap) nextClean[i] = Math.min(at(nextClean, i), c);
      // Before the first character the end of the prompt may still be on its way.
      if (i === 0 && isFresh) nextClean[0] = Math.min(at(nextClean, 0), c + (isBlank ? 0 : 1));
    }
    clean = nextClean;
    noisy = nextNoisy;
  }
  return clean;
};

/**
 * Judges what came since `expected` was typed. `isFresh`: it was typed for the first time, perhaps while the prompt was
 * still coming; else the line had been cleared and was quiet, and nothing may stand in front.
 */
export const judgeEcho = (came: string, expected: string, isFresh: boolean): Echo => {
  const text = settledText(came);
  if (text === expected) return 'exact';
  if (text.length < expected.length && expected.startsWith(text)) return 'partial';
  const costs = align([...text], [...expected], isFresh);
  const whole = costs.at(-1) ?? Infinity;
  if (whole === 0) return 'exact';
  if (whole < Infinity) return 'mixed';
  return costs.some((cost, i) => i > 0 && cost === 0) ? 'partial' : 'astray';
};

/** Whether the echo stands in one piece at the end of what came. */
export const endsWhole = (came: string, expected: string): boolean => settledText(came).endsWith(expected);

/** What the line the cursor stands in shows, as a terminal would: to see whether erasing still changes anything. */
export const currentLine = (came: string): string => {
  const line = came.slice(came.lastIndexOf('\n') + 1);
  const cells: string[] = [];
  let column = 0;
  // A sequence that erases from the cursor on (CSI K, CSI J) is the one kind that matters here.

  for (const part of line.split(/(\x1b\[0?[KJ])/)) {
    if (/^\x1b\[0?[KJ]$/.test(part)) cells.length = Math.min(cells.length, column);
    else
      for (const character of plain(part).text) {
        if (character === '\r') column = 0;
        else if (character === '\b') column = Math.max(0, column - 1);
        else if (character >= ' ') cells[column++] = character;
      }
  }
  return Array.from(cells, (cell) => cell ?? ' ')
    .join('')
    .trimEnd();
};
