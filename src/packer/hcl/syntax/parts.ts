import { hclBounds } from '../../../base/bounds.ts';
import { HclError, TooMuch } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { TextPart } from './ast.ts';
import type { SyntaxToken } from './sequence.ts';

/** The tokens with the texts beside a `~` stripped: of blanks, up to the end of the line where texts are cut into lines. */
export const stripped = (tokens: readonly SyntaxToken[]): readonly SyntaxToken[] =>
  tokens.map((token, index) => {
    if (token.kind !== 'text') return token;
    const before = tokens[index - 1];
    const behind = tokens[index + 1];
    const stripsStart = before !== undefined && before.kind !== 'text' && before.stripsBehind;
    const stripsEnd = behind !== undefined && behind.kind !== 'text' && behind.stripsBefore;
    const text = stripsStart ? token.text.trimStart() : token.text;
    return { ...token, text: stripsEnd ? text.trimEnd() : text };
  });

type Open = { readonly token: Extract<SyntaxToken, { kind: 'if' | 'for' }>; readonly yes: TextPart[]; no?: TextPart[] };

const closes = { if: 'endif', for: 'endfor' } as const;

/** Nests the tokens of a template. `at` is where it begins. */
export const nested = (tokens: readonly SyntaxToken[], at: At): readonly TextPart[] => {
  const whole: TextPart[] = [];
  const open: Open[] = [];
  const add = (part: TextPart) => {
    const inner = open.at(-1);
    (inner === undefined ? whole : (inner.no ?? inner.yes)).push(part);
  };
  const close = (token: SyntaxToken): void => {
    const inner = open.at(-1);
    if (inner === undefined || token.kind !== closes[inner.token.kind])
      throw new HclError(token.at, `%{ ${token.kind} } closes nothing that is open here`);
    open.pop();
    const { token: opening, yes, no = [] } = inner;
    if (opening.kind === 'if') add({ kind: 'if', at: opening.at, test: opening.test, yes, no });
    else {
      const { keyName, valueName, over } = opening;
      add({ kind: 'for', at: opening.at, keyName, valueName, over, body: yes });
    }
  };
  for (const token of tokens) {
    const inner = open.at(-1);
    if (open.length > hclBounds.depth) throw new TooMuch(token.at, `nests deeper than ${hclBounds.depth} levels`);
    if (token.kind === 'text') {
      if (token.text !== '') add({ kind: 'text', at: token.at, text: token.text });
    } else if (token.kind === 'value') add({ kind: 'value', at: token.at, value: token.value });
    else if (token.kind === 'if' || token.kind === 'for') open.push({ token, yes: [] });
    else if (token.kind !== 'else') close(token);
    else if (inner?.token.kind === 'if' && inner.no === undefined) inner.no = [];
    else throw new HclError(token.at, '%{ else } belongs to no %{ if } that is open here');
  }
  const left = open.at(-1);
  if (left !== undefined)
    throw new HclError(left.token.at, `%{ ${left.token.kind} } has no %{ ${closes[left.token.kind]} }`);
  return melded(whole, at);
};

/** Texts that follow each other are one. */
const melded = (parts: readonly TextPart[], at: At): readonly TextPart[] => {
  const [first] = parts;
  if (first === undefined || parts.some(({ kind }) => kind !== 'text')) return parts;
  return [{ kind: 'text', at, text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join('') }];
};

export const partsOf = (tokens: readonly SyntaxToken[], at: At): readonly TextPart[] => nested(stripped(tokens), at);
