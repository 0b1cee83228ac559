import { bounds } from '../base/bounds.ts';
import { ParseError, placeOf } from '../base/text/parse-error.ts';
import { keyNamed, keyNames, type PackerKey } from './keys.ts';
import { nearest, quoted } from '../base/text/nearest.ts';
import { durationMsOf, longestMs } from '../base/units.ts';

/** What a boot command is made of, each with the offset where it begins. `motion` is `press`, or only down or up. */
export type BootToken = { readonly offset: number } & (
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'expect'; readonly pattern: string; readonly withinMs: number }
  | { readonly kind: 'character'; readonly character: string; readonly motion: Motion }
  | { readonly kind: 'key'; readonly key: PackerKey; readonly motion: Motion }
);

type Motion = 'press' | 'on' | 'off';

/** Throws a ParseError for what is no pattern. */
type JudgePattern = (pattern: string) => unknown;
type Judging = { readonly judgePattern: JudgePattern; readonly countExpect: () => void };

/** Stands for a value that is not known yet; a token with it inside is judged when the value is known. */
export const placeholder = '\u{f8ff}';

const defaultExpectMs = 120_000;
// No token is longer, so that one "<" costs a bounded search.
const longestToken = 64;
const longestExpect = 1_200;
// A client needs no more, and every place costs a walk over the text.
export const mostParseErrors = 50;

/** Packer's production, with Go's duration: `wait`, whole seconds without leading zeros, or number and unit pairs. */
const readWait = (inside: string): number | undefined => {
  const text = /^wait(|0|[1-9][0-9]*|(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:ns|us|\u00b5s|ms|s|m|h))+)$/u.exec(
    inside,
  )?.[1];
  if (text === undefined) return undefined;
  const ms = text === '' ? 1000 : durationMsOf(text);
  if (ms === undefined || ms > longestMs)
    throw new ParseError(`${quoted(`<${inside}>`)} is too long a wait, or no duration`);
  if (ms <= 0) throw new ParseError(`${quoted(`<${inside}>`)} is not a positive wait`);
  return Math.ceil(ms);
};

const readExpect = (
  points: readonly string[],
  offset: number,
  { judgePattern, countExpect }: Judging,
): readonly [BootToken, number] | undefined => {
  // Every other key costs no more than this look.
  if (points.slice(offset, offset + 7).join('') !== '<expect') return undefined;
  countExpect();
  const ahead = points.slice(offset, offset + longestExpect).join('');
  const match = /^<expect\s+"((?:[^"\\]|\\[^])*)"(?:\s+([^\s>]+))?\s*>/u.exec(ahead);
  if (match === null) return undefined;
  const [whole, source = '', time] = match;
  const withinMs = time === undefined ? defaultExpectMs : durationMsOf(time);
  if (withinMs === undefined || !(withinMs > 0 && withinMs <= longestMs))
    throw new ParseError(`${quoted(time ?? '')} is not a time to wait for text: write <expect "regex" 90s>`);
  // Only the quote needs its backslash taken away; all others are the regular expression's own.
  const pattern = source.replaceAll('\\"', '"');
  if (!pattern.includes(placeholder)) judgePattern(pattern);
  return [{ offset, kind: 'expect', pattern, withinMs: Math.ceil(withinMs) }, offset + [...whole].length];
};

/** The key that a word names, with `on` or `off` behind it or not. */
const keyIn = (word: string): PackerKey | undefined => keyNamed(word) ?? keyNamed(word.replace(/(on|off)$/iu, ''));

const motionOf = (word: string | undefined): Motion => {
  const lower = word?.toLowerCase();
  return lower === 'on' || lower === 'off' ? lower : 'press';
};

const readKey = (inside: string, offset: number): BootToken | undefined => {
  const toggle = /^([^])(on|off)$/iu.exec(inside);
  if (toggle?.[1] !== undefined)
    return { offset, kind: 'character', character: toggle[1], motion: motionOf(toggle[2]) };
  const [, motion] = /^[a-z0-9]+?(on|off)?$/iu.exec(inside) ?? [];
  const key = keyIn(inside);
  if (key === undefined) return undefined;
  // leftOption and rightOption end as a key that is held.
  return { offset, kind: 'key', key, motion: keyNamed(inside) === undefined ? motionOf(motion) : 'press' };
};

const refuseUnknown = (shown: string): never => {
  const word = /^<\s*([a-z0-9]*)/iu.exec(shown)?.[1] ?? '';
  const known = [...keyNames, 'wait', 'expect'];
  const near =
    nearest(word.replace(/(on|off)$/iu, ''), known) ?? known.find((name) => word.toLowerCase().startsWith(name));
  const form =
    near === 'wait'
      ? '<wait>, <wait5> or <wait500ms>'
      : near === 'expect'
        ? '<expect "regex" 90s>'
        : near && `<${near}>`;
  const hint = form === undefined ? 'it is none of those that the documentation names.' : `did you mean ${form}?`;
  throw new ParseError(
    `${quoted(shown)} is not a key: ${hint} To type it as text, write "<<On><<Off>" in place of its "<"`,
  );
};

/**
 * What begins with a letter and ends before the next blank was meant as a token, and so were a wait however it is written, and
 * the name of a key with a blank on one side: `a < b`, `<<EOF` and `<EOF >` were not.
 */
const looksLikeToken = (ahead: string): string | undefined => {
  const token = /^<(?:[a-z][^\s<>]*|\s*(?:wait(?=[^a-z])|expect\b)[^<>\n]*)>/iu.exec(ahead)?.[0];
  if (token !== undefined) return token;
  const [padded, word] = /^<(?: +(?=[a-z0-9]+>)|(?=[a-z0-9]+ +>))([a-z0-9]+) *>/iu.exec(ahead) ?? [];
  return word !== undefined && keyIn(word) !== undefined ? padded : undefined;
};

// An expression that HCL2 would fill in; no shell has dots in the name of a variable.
const hclExpression =
  /^\$\{[a-z_]*\(?\s*(?:(var)\.([a-z_][a-z0-9_-]*)|(?:local|data|path|build|source)\.[a-z_])[^}\n]*\}?/iu;

const refuseHcl = (ahead: string): void => {
  const [shown, isVariable, name] = hclExpression.exec(ahead) ?? [];
  if (shown === undefined) return;
  const instead = isVariable === undefined ? 'declare a variable, and write {{ name }}' : `write {{ ${name} }}`;
  throw new ParseError(
    `${quoted(shown)} is not filled in, for it is HCL2: ${instead}. To type it as text, write "<$On><$Off>" in place of its "$"`,
  );
};

const readToken = (
  points: readonly string[],
  offset: number,
  end: number,
  judging: Judging,
): readonly [BootToken, number] => {
  const character = points[offset] ?? '';
  const literal = [{ offset, kind: 'character', character, motion: 'press' }, offset + 1] as const;
  if (character === '$') refuseHcl(points.slice(offset, offset + longestToken).join(''));
  if (character !== '<') return literal;
  const expect = readExpect(points, offset, judging);
  if (expect !== undefined) return expect;
  if (end - offset > longestToken) return literal;
  const inside = points.slice(offset + 1, end).join('');
  const ms = readWait(inside);
  if (ms !== undefined) return [{ offset, kind: 'wait', ms }, end + 1];
  const key = readKey(inside, offset);
  if (key !== undefined) return [key, end + 1];
  const shown = looksLikeToken(points.slice(offset, offset + longestToken).join(''));
  return shown === undefined || shown.includes(placeholder) ? literal : refuseUnknown(shown);
};

/**
 * Takes a boot command apart by Packer's grammar (packer-plugin-sdk, bootcommand/boot_command.pigeon), to which it adds
 * `<expect "regex" 90s>`. What Packer would type silently though it looks like a token (`<wait1.5>`, `<Wait5>`,
 * `<enter >`, `<ctrl-c>`, `<f13>`), or like an expression (`${var.x}`), is a parse error here.
 */
export const tokensOf = (
  text: string,
  judgePattern: JudgePattern,
): { readonly tokens: readonly BootToken[]; readonly parseErrors: readonly ParseError[] } => {
  const points = [...text];
  const tokens: BootToken[] = [];
  const parseErrors: ParseError[] = [];
  let end = 0;
  let expectsLeft: number = bounds.expects;
  const countExpect = () => {
    expectsLeft -= 1;
    if (expectsLeft < 0) throw new ParseError(`is one <expect> too many: ${bounds.expects} is the most`);
  };
  for (let offset = 0; offset < points.length && parseErrors.length < mostParseErrors;) {
    // The key to hold may itself be ">", so the end is looked for behind it; and once for all that comes before it.
    if (end < offset + 2) end = points.indexOf('>', offset + 2);
    if (end === -1) end = Infinity;
    try {
      const [token, next] = readToken(points, offset, end, { countExpect, judgePattern });
      tokens.push(token);
      offset = next;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      parseErrors.push(new ParseError(error.message, placeOf(points, offset)));
      offset = points[offset] === '$' ? offset + 1 : Math.max(offset + 1, points.indexOf('>', offset) + 1);
    }
  }
  return { tokens, parseErrors };
};
