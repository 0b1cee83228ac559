import type { At } from '../source.ts';
import type { Budget } from './budget.ts';

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });

// What joins nothing: all below the combining marks, but for the CR of a CR LF.
const isSimple = /^[^\r\u0300-\u{10ffff}]*$/u;

const isAscii = /^[\0-\x7f]*$/;

/** The characters of a text as people count them, as cty does: a letter with its accents is one, and so is CR LF. */
export const charactersOf = (text: string, at: At, budget: Budget): readonly string[] => {
  if (isSimple.test(text)) return [...text];
  // ICU takes as long for a character as the rest does for a step.
  budget.step(at, text.length);
  return Array.from(segments.segment(text), ({ segment }) => segment);
};

/** Each code point by itself, as Go does: one that would become several stays as it is. */
export const withCase = (text: string, change: (text: string) => string, at: At, budget: Budget): string => {
  if (isAscii.test(text)) return change(text);
  budget.step(at, text.length);
  return text.replace(/\p{L}/gu, (point) => {
    const changed = change(point);
    return [...changed].length === 1 ? changed : point;
  });
};
