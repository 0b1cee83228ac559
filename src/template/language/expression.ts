import { bounds } from '../../base/bounds.ts';
import { ParseError, placeIn } from '../../base/text/parse-error.ts';
import { quoted } from '../../base/text/nearest.ts';

/** What stands between `{{` and `}}`. `at` is the offset, in code points, of the name it begins with. */
export type Term =
  | { readonly kind: 'text'; readonly text: string }
  /** `{{ name }}`, and with a `path` `{{ name.key }}` or `{{ name.0 }}`. */
  | { readonly kind: 'name'; readonly name: string; readonly path: readonly string[]; readonly at: number }
  /** `{{ f a b }}` and `{{ b | f a }}` alike: a piped value is the last argument, as Go has it. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Term[]; readonly at: number };

/** A text taken apart: strings as they are, and terms to be filled in. */
export type Parsed = readonly (string | Term)[];

type Action = { readonly term: Term | undefined; readonly end: number };

type Lexeme = { readonly kind: 'name' | 'text' | 'mark'; readonly text: string; readonly at: number };

const deepest = 8;
const lexemes =
  /\s*(?:(?<raw>`[^`]*`)|(?<quoted>"(?:[^"\\]|\\[^])*")|(?<name>\.?[a-z_][a-z0-9_-]*(?:\.[a-z0-9_][a-z0-9_-]*)*)|(?<number>-?[0-9]+)|(?<mark>-?\}\}|[|()]))/iuy;

// text/template: `{{- ` takes the blanks before it away, ` -}}` those behind it, and `{{/* */}}` is a comment.
const trimsBefore = (text: string, open: number): boolean => /^-\s/.test(text.slice(open + 2, open + 4));
const endOfComment = /\s*-?\}\}/y;
const blanks = /\s*/y;

const behindBlanks = (text: string, from: number): number => {
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
};

const unquote = (literal: string): string => {
  try {
    // Go's escapes that people write are JSON's.
    return String(JSON.parse(literal));
  } catch {
    throw new ParseError(`${quoted(literal)} is not a string: its escapes are JSON's`);
  }
};

/** A name, whose parts are told apart by dots; Packer's begin with one. */
const nameOf = ({ text, at }: Lexeme): Extract<Term, { kind: 'name' }> => {
  const [, head = '', below = ''] = /^(\.?[^.]*)(.*)$/.exec(text) ?? [];
  return { kind: 'name', name: head, path: below === '' ? [] : below.slice(1).split('.'), at };
};

const isEnd = ({ kind, text }: Lexeme) => kind === 'mark' && text.endsWith('}}');

/** Parses the inside of one `{{ }}`; `begin` is behind the `{{`. Gives the term and the offset behind the `}}`. */
const readAction = (text: string, begin: number): Action => {
  let next = begin;
  let lexemesLeft: number = bounds.termsInOne;
  const read = (): Lexeme => {
    if (lexemesLeft === 0) throw new ParseError(`"{{" holds more than ${bounds.termsInOne} words and marks`);
    lexemesLeft -= 1;
    lexemes.lastIndex = next;
    const match = lexemes.exec(text);
    if (match === null) {
      if (text.slice(next).trim() === '') throw new ParseError('"{{" has no "}}": to write it as text, use {{ `{{` }}');
      throw new ParseError(`${quoted(text.slice(next, next + 12).trim())} cannot stand between "{{" and "}}"`);
    }
    next = lexemes.lastIndex;
    const { raw, quoted: literal, name, number, mark } = match.groups ?? {};
    const at = next - match[0].trimStart().length;
    if (name !== undefined) return { kind: 'name', text: name, at };
    if (mark !== undefined) return { kind: 'mark', text: mark, at };
    return { kind: 'text', text: raw?.slice(1, -1) ?? number ?? unquote(literal ?? ''), at };
  };
  let ahead = read();
  const take = (): Lexeme => {
    const lexeme = ahead;
    // Nothing behind the end is this action's to read.
    if (!isEnd(lexeme)) ahead = read();
    return lexeme;
  };
  const isMark = (mark: string) => ahead.kind === 'mark' && ahead.text === mark;
  const operand = (depth: number): Term => {
    const lexeme = take();
    if (lexeme.kind === 'text') return { kind: 'text', text: lexeme.text };
    if (lexeme.kind === 'name') return nameOf(lexeme);
    if (lexeme.text !== '(') throw new ParseError(`a name or a string must stand before ${quoted(lexeme.text)}`);
    if (depth === deepest) throw new ParseError(`brackets are nested more than ${deepest} deep`);
    const term = pipeline(depth + 1);
    if (!isMark(')')) throw new ParseError('"(" has no ")"');
    take();
    return term;
  };
  const command = (depth: number, piped: readonly Term[]): Term => {
    const head = operand(depth);
    const args: Term[] = [];
    while (ahead.kind !== 'mark' || ahead.text === '(') args.push(operand(depth));
    const all = [...args, ...piped];
    if (all.length === 0) return head;
    if (head.kind !== 'name') throw new ParseError('only a function can take arguments');
    const name = [head.name, ...head.path].join('.');
    return { kind: 'call', name, args: all, at: head.at };
  };
  const pipeline = (depth: number): Term => {
    let term = command(depth, []);
    while (isMark('|')) {
      take();
      term = command(depth, [term]);
    }
    return term;
  };
  const term = pipeline(0);
  if (!isEnd(ahead)) throw new ParseError(`${quoted(ahead.text)} cannot stand here: "}}" is missing`);
  return { term, end: ahead.text === '-}}' ? behindBlanks(text, next) : next };
};

/** What begins at `{{`: a comment has no term. */
const readOne = (text: string, open: number): Action => {
  const begin = open + (trimsBefore(text, open) ? 3 : 2);
  const from = behindBlanks(text, begin);
  if (!text.startsWith('/*', from)) return readAction(text, begin);
  endOfComment.lastIndex = text.indexOf('*/', from + 2) + 2;
  const match = endOfComment.lastIndex === 1 ? null : endOfComment.exec(text);
  if (match === null) throw new ParseError('"{{/*" has no "*/}}"');
  const { lastIndex: end } = endOfComment;
  return { term: undefined, end: match[0].includes('-') ? behindBlanks(text, end) : end };
};

/**
 * Takes a text with `{{ }}` apart: names, strings in backquotes or double quotes, calls, pipes and brackets of Go's
 * text/template, with its comments and trimming; no conditions, loops or assignments. Throws a ParseError with its place.
 */
export const parseText = (text: string): Parsed => {
  const parsed: (string | Term)[] = [];
  for (let from = 0; ;) {
    const open = text.indexOf('{{', from);
    if (open === -1) return from < text.length ? [...parsed, text.slice(from)] : parsed;
    const before = trimsBefore(text, open) ? text.slice(from, open).trimEnd() : text.slice(from, open);
    if (before !== '') parsed.push(before);
    try {
      const { term, end } = readOne(text, open);
      if (term !== undefined) parsed.push(term);
      from = end;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ParseError(error.message, placeIn(text, open));
    }
  }
};

/** Whether a text has placeholders to fill in. */
export const hasPlaceholders = (text: string): boolean => text.includes('{{');
