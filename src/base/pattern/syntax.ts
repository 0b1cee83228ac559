import { escapeRegExp } from '../text/escape-regexp.ts';
import { quoted } from '../text/nearest.ts';

/** Longer ones are not written by people. */
const longestPattern = 1000;

/**
 * What a pattern may come to, counted as the steps of its program: about one for each character, and the repeated part
 * as often as it may be repeated. The time to search a character grows with it.
 */
export const mostSteps = 500;

/** How `^` and `$` are meant: at every line, or at the ends of the whole text. */
export type Anchors = 'lines' | 'whole';

/** A pattern in the words of RE2. */
export type Translated = {
  readonly source: string;
  readonly steps: number;
  /** Names of the groups that stand for the end of a line in front of a match, and behind it. */
  readonly before: readonly string[];
  readonly behind: readonly string[];
};

export type Refused = { readonly why: string };

const token =
  /\\Q(?<literal>[^]*?)(?:\\E|$)|\\c(?<control>[A-Za-z])|\\u(?:\{(?<wide>[0-9A-Fa-f]{1,6})\}|(?<unit>[0-9A-Fa-f]{4}))|(?<property>\\[pP](?:\{\^?\w+\}|[A-Z]))|\\(?<back>[1-9]|k<)|(?<escape>\\(?:x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|0[0-7]{0,2}|[^]))|(?<look>\(\?<?[=!])|\(\?<(?<group>[A-Za-z_]\w*)>|(?<flags>\(\?[A-Za-z-]+\))|(?<open>\((?:\?(?:[A-Za-z-]*:|P<[A-Za-z_]\w*>))?)|(?<close>\))|(?<any>\[\^\])|(?<class>\[\^?\]?(?:\\[^]|\[:\^?[a-z]+:\]|[^\]\\])*\])|\{(?<least>\d+)(?<comma>,(?<most>\d*))?\}\??|(?<times>[*+?]\??)|(?<begin>\^)|(?<end>\$)|(?<or>\|)|(?<other>[^])/uy;

const inClass = /\\c([A-Za-z])|\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))|\\b|\\[^]/gu;

const hex = (code: string): string => `\\x{${code}}`;
const control = (letter: string): string => hex(((letter.codePointAt(0) ?? 0) % 32).toString(16));

// Escapes of ECMAScript that RE2 writes otherwise.
const classIn = (text: string): string =>
  text.replace(inClass, (whole, letter?: string, wide?: string, unit?: string) => {
    const code = wide ?? unit;
    if (letter !== undefined) return control(letter);
    if (code !== undefined) return hex(code);
    return whole === '\\b' ? hex('8') : whole;
  });

// A class of Unicode is a table of hundreds of ranges.
const stepsOfProperty = 25;
const stepsOfClass = (text: string): number => 1 + (text.match(/\\[pP]/g)?.length ?? 0) * stepsOfProperty;

const wrong = (what: string): Refused => ({ why: `is not a regular expression: ${what}` });

/** Adds the name of another group to the list, and gives it. */
const addName = (names: string[], where: 'before' | 'behind'): string => {
  const name = `imaged_${where}_${names.length}`;
  names.push(name);
  return name;
};

type Groups = Readonly<Record<string, string | undefined>>;

const refusedIn = (is: Groups, whole: string): Refused | undefined => {
  if (is['look'] !== undefined)
    return { why: `uses look-around ("${whole}"), which cannot be searched for in linear time: write what must stand there into the pattern itself` }; // prettier-ignore
  if (is['back'] !== undefined)
    return { why: `uses a back-reference ("${whole}"), which cannot be searched for in linear time: write out what is repeated` }; // prettier-ignore
  return undefined;
};

/** What matches one character, or a text, and means the same wherever it stands. */
const plainAtom = (is: Groups, whole: string): { readonly source: string; readonly steps: number } | undefined => {
  const code = is['wide'] ?? is['unit'];
  if (is['literal'] !== undefined) return { source: escapeRegExp(is['literal']), steps: is['literal'].length };
  if (is['control'] !== undefined) return { source: control(is['control']), steps: 1 };
  if (code !== undefined) return { source: hex(code), steps: 1 };
  if (is['property'] !== undefined) return { source: whole, steps: stepsOfProperty };
  if (is['escape'] !== undefined) return { source: /^\\[^\x00-\x7f]/u.test(whole) ? whole.slice(1) : whole, steps: 1 };
  if (is['any'] !== undefined) return { source: '[\\x{0}-\\x{10ffff}]', steps: 1 };
  if (is['class'] !== undefined) return { source: classIn(whole), steps: stepsOfClass(whole) };
  return undefined;
};

/**
 * Puts a client's pattern, in RE2's or ECMAScript's words, into RE2's, and counts what it comes to, in time that grows
 * with its length. A line ends at CR as well, as ECMAScript has it: RE2 knows LF alone, so a group takes the CR.
 */
export const translatePattern = (text: string, anchors: Anchors): Translated | Refused => {
  if (text === '') return { why: 'is an empty pattern: it would match everything' };
  if (text.length > longestPattern)
    return { why: `is a pattern of ${text.length} characters: ${longestPattern} is the most` };
  const before: string[] = [];
  const behind: string[] = [];
  const outer: number[] = [];
  let source = '';
  let steps = 0;
  let last: number | undefined;
  const atom = (written: string, size: number) => {
    source += written;
    steps += size;
    last = size;
  };
  for (const match of text.matchAll(new RegExp(token, 'uyg'))) {
    const [whole] = match;
    const is = match.groups ?? {};
    const refused = refusedIn(is, whole);
    if (refused) return refused;
    const plain = plainAtom(is, whole);
    if (plain) atom(plain.source, plain.steps);
    else if (is['flags'] !== undefined) {
      source += whole;
      last = undefined;
    } else if (is['open'] !== undefined || is['group'] !== undefined) {
      source += is['group'] === undefined ? whole : `(?P<${is['group']}>`;
      outer.push(steps);
      steps = 2;
      last = undefined;
    } else if (is['close'] !== undefined) {
      const above = outer.pop();
      if (above === undefined) return wrong('")" has no "("');
      source += whole;
      last = steps;
      steps += above;
    } else if (is['least'] !== undefined || is['times'] !== undefined) {
      if (last === undefined) return wrong(`${quoted(whole)} has nothing to repeat`);
      const least = Number(is['least'] ?? 1);
      const times = Math.max(least, is['most'] ? Number(is['most']) : is['comma'] === undefined ? least : least + 1);
      source += whole;
      steps += last * (times - 1) + (times - least) + 1;
      last *= times;
    } else if (is['begin'] !== undefined && anchors === 'lines') atom(`(?:^|(?P<${addName(before, 'before')}>\\r))`, 4);
    else if (is['end'] !== undefined && anchors === 'lines') atom(`(?:(?P<${addName(behind, 'behind')}>\\r)|$)`, 4);
    else if (whole === '[') return wrong('"[" has no "]"');
    else if (whole === '\\') return wrong('it ends in a single "\\"');
    else {
      atom(whole, 1);
      if (is['or'] !== undefined) last = undefined;
    }
    if (steps > mostSteps) break;
  }
  for (const above of outer) steps += above;
  if (steps > mostSteps)
    return { why: `comes to more than ${mostSteps} steps: repeat less in it (x{200} counts 200 times)` };
  return outer.length > 0 ? wrong('"(" has no ")"') : { source, steps, before, behind };
};
