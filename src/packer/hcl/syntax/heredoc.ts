import { quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { Expression } from './ast.ts';
import {
  endOfLine,
  isAtEnd,
  newlineLength,
  newPart,
  placeAt,
  startsWith,
  takeIdentifier,
  unexpected,
  type Cursor,
} from './cursor.ts';
import { nested, stripped } from './parts.ts';
import { takeSequence, type SyntaxToken } from './sequence.ts';

/** The literal text up to the end of the line, or in front of the next `${` or `%{`. */
const takeText = (cursor: Cursor): SyntaxToken => {
  const at = newPart(cursor, cursor.at);
  const line = cursor.source.text.slice(cursor.at, endOfLine(cursor, cursor.at));
  // A doubled sign makes the sequence a text.
  const sequence = /(?<!\$)\$\{|(?<!%)%\{/.exec(line);
  const raw = sequence === null ? line : line.slice(0, sequence.index);
  cursor.at += raw.length;
  return { kind: 'text', at, text: raw.replace(/\$\$\{/g, '${').replace(/%%\{/g, '%{') };
};

/** Texts, each within one line, and sequences, until `isEnd` says so at the begin of a line. */
export const takeLines = (cursor: Cursor, isEnd: () => boolean): readonly SyntaxToken[] => {
  const tokens: SyntaxToken[] = [];
  let beginsLine = true;
  for (;;) {
    if (beginsLine && isEnd()) return tokens;
    if (isAtEnd(cursor)) return tokens;
    const token: SyntaxToken = takeSequence(cursor) ?? takeText(cursor);
    tokens.push(token);
    beginsLine = token.kind === 'text' && token.text.endsWith('\n');
  }
};

/** How far a token that begins a line is indented; undefined for a line of blanks alone, which is left as it is. */
const indentOf = (token: SyntaxToken): number | undefined => {
  if (token.kind !== 'text') return 0;
  return /^\s*\n$/.test(token.text) ? undefined : (/^[^\S\n]*/.exec(token.text)?.[0].length ?? 0);
};

/**
 * Takes away what all lines are indented by. The tokens are stripped already: where a `~` has taken the end of a line, what
 * follows begins none, and keeps its blanks.
 */
const outdented = (tokens: readonly SyntaxToken[]): readonly SyntaxToken[] => {
  const begins = tokens.filter((_, index) => {
    const before = tokens[index - 1];
    return before === undefined || (before.kind === 'text' && before.text.endsWith('\n'));
  });
  const lines = new Set(begins.filter((token) => indentOf(token) !== undefined));
  const by = [...lines].reduce((least, token) => Math.min(least, indentOf(token) ?? least), Infinity);
  return tokens.map((token) =>
    token.kind === 'text' && lines.has(token) ? { ...token, text: token.text.slice(by) } : token,
  );
};

/** `<<EOT` or `<<-EOT`, the lines behind it, and the marker that ends them. */
export const parseHeredoc = (cursor: Cursor): Expression => {
  const begin = cursor.at;
  const isIndented = startsWith(cursor, '<<-');
  cursor.at += isIndented ? 3 : 2;
  const marker = takeIdentifier(cursor) ?? unexpected(cursor, 'the marker of a heredoc');
  if (newlineLength(cursor) === 0) unexpected(cursor, `the end of the line after <<${marker}`);
  cursor.at += newlineLength(cursor);
  let isEnded = false;
  const tokens = takeLines(cursor, () => {
    const line = cursor.source.text.slice(cursor.at, endOfLine(cursor, cursor.at));
    isEnded = line.trim() === marker;
    // The newline behind the marker ends the attribute.
    if (isEnded) cursor.at += line.indexOf(marker) + marker.length;
    return isEnded;
  });
  if (!isEnded)
    throw new HclError(placeAt(cursor, begin), `the heredoc that begins here has no line with ${quoted(marker)} alone`);
  const at = newPart(cursor, begin);
  const whole = stripped(tokens);
  const parts = nested(isIndented ? outdented(whole) : whole, at);
  const [first] = parts;
  if (first === undefined) return { kind: 'literal', at, value: '' };
  return first.kind === 'text' && parts.length === 1
    ? { kind: 'literal', at, value: first.text }
    : { kind: 'template', at, parts };
};
