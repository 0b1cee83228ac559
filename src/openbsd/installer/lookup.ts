import { escapeRegExp } from '../../base/text/escape-regexp.ts';
import { nearest } from '../../base/text/nearest.ts';
import { catalog, type Questions } from './catalog.ts';

/** Whether a word of a line may be one of a question; the `last` may end before a question mark. */
type Word = { readonly whole: RegExp; readonly last: RegExp; readonly isOpen: boolean };

type Hole = { readonly pattern: string; readonly example: string };

const device = (example: string): Hole => ({ pattern: String.raw`[a-z]+\d+`, example });

/** What differs in questions: what it may be, and what people are shown of it. */
const holes: Readonly<Record<string, Hole>> = {
  '{}': { pattern: '.+', example: 'x' },
  '{set}': { pattern: String.raw`(?:[a-z]+\d*[\w-]*\.tgz|bsd(?:\.\w+)?|buildinfo)`, example: 'base79.tgz' },
  '{interface}': device('vio0'),
  '{console}': device('com0'),
  '{disk}': device('sd0'),
};

const patternOf = (word: string): string =>
  word
    .split(/(\{\w*\})/)
    .map((part) => holes[part]?.pattern ?? escapeRegExp(part))
    .join('');

const wordOf = (word: string): Word => {
  const cut = word.indexOf('?');
  const ends = [word, ...(cut > 0 ? [word.slice(0, cut)] : [])];
  return {
    whole: new RegExp(`^${patternOf(word)}$`, 's'),
    isOpen: /^\W*\{\w*\}\W*$/.test(word),
    last: new RegExp(`^(?:${ends.map(patternOf).join('|')})$`, 's'),
  };
};

const wordsIn = (text: string): readonly string[] => text.split(/[ \t]/);

type Known = { readonly group: Questions; readonly words: readonly Word[] };

/** Made when it is first asked for: the patterns of all questions are not needed to start the daemon. */
const makeKnown = (): readonly Known[] =>
  catalog.flatMap((group) =>
    group.questions.map((question) => ({ group, words: wordsIn(question.toLowerCase()).map(wordOf) })),
  );
let known: readonly Known[] | undefined;

/**
 * Whether the words are a run in the question, as `answers` asks of a question whose words are all known; at least one
 * of them must be the question's own.
 */
const isRun = (words: readonly string[], question: readonly Word[]): boolean =>
  question.some(
    (_, from) =>
      words.every((word, index) => {
        const asked = question[from + index];
        return (index === words.length - 1 ? asked?.last : asked?.whole)?.test(word) === true;
      }) && !question.slice(from, from + words.length).every(({ isOpen }) => isOpen),
  );

/** Where a question is asked that a line with this key (in small letters) could answer; empty: it is no question at all. */
export const askedWhere = (key: string): readonly Questions[] => {
  const words = wordsIn(key);
  return [...new Set((known ??= makeKnown()).flatMap((one) => (isRun(words, one.words) ? [one.group] : [])))];
};

/** What people write of a question: up to its question mark, with an x where a word differs. */
const names: readonly string[] = catalog.flatMap(({ questions }) =>
  questions.map((question) =>
    question.replace(/\?(?: \(.*\))?$/, '').replace(/\{\w*\}/g, (hole) => holes[hole]?.example ?? hole),
  ),
);

// Words are compared up to here: what is longer differs in its beginning, or is cut after it.
const compared = 60;

/** The question that was meant by a key that is none; undefined when none is near. */
export const nearestQuestion = (key: string): string | undefined => {
  const begun = names.find((name) => key.length > 3 && name.toLowerCase().startsWith(key));
  if (begun !== undefined) return begun;
  const beginnings = new Map(names.map((name) => [name.slice(0, compared), name]));
  const near = nearest(
    key
      .replace(/[?(].*$/, '')
      .trim()
      .slice(0, compared),
    beginnings.keys(),
  );
  return near === undefined ? undefined : beginnings.get(near);
};
