import type { At } from '../source.ts';
import type { Expression, Loop } from './ast.ts';
import { parseLoop } from './collection.ts';
import { deeper, newPart, parseInner, skipBlanks, startsWith, takeIdentifier, unexpected, withNewlines, type Cursor } from './cursor.ts'; // prettier-ignore

/** A `~` next to a brace of a sequence strips the text beside it. */
type Strips = { readonly stripsBefore: boolean; readonly stripsBehind: boolean };

/** What a template is made of, in one row: texts, values, and directives that are not nested yet. */
export type SyntaxToken = { readonly at: At } & (
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'value'; readonly value: Expression } & Strips)
  | ({ readonly kind: 'if'; readonly test: Expression } & Strips)
  | ({ readonly kind: 'for' } & Loop & Strips)
  | ({ readonly kind: 'else' | 'endif' | 'endfor' } & Strips)
);

type Inside =
  | { readonly kind: 'value'; readonly value: Expression }
  | { readonly kind: 'if'; readonly test: Expression }
  | ({ readonly kind: 'for' } & Loop)
  | { readonly kind: 'else' | 'endif' | 'endfor' };

const parseDirective = (cursor: Cursor): Inside => {
  skipBlanks(cursor);
  const begin = cursor.at;
  const word = takeIdentifier(cursor);
  switch (word) {
    case 'if':
      return { kind: 'if', test: parseInner(cursor) };
    case 'for':
      return { kind: 'for', ...parseLoop(cursor) };
    case 'else':
    case 'endif':
    case 'endfor':
      return { kind: word };
    default:
      cursor.at = begin;
      return unexpected(cursor, 'a directive (if, else, endif, for, endfor)', ': write %%{ for the text "%{"');
  }
};

/** The `${ }` or `%{ }` where the cursor stands, passed over; undefined when there is none. */
export const takeSequence = (cursor: Cursor): SyntaxToken | undefined => {
  const isValue = startsWith(cursor, '${');
  if (!isValue && !startsWith(cursor, '%{')) return undefined;
  const at = newPart(cursor, cursor.at);
  cursor.at += 2;
  const stripsBefore = startsWith(cursor, '~');
  if (stripsBefore) cursor.at += 1;
  return deeper(cursor, () =>
    withNewlines(cursor, 'blank', () => {
      const inside: Inside = isValue ? { kind: 'value', value: parseInner(cursor) } : parseDirective(cursor);
      skipBlanks(cursor);
      const stripsBehind = startsWith(cursor, '~}');
      if (!stripsBehind && !startsWith(cursor, '}'))
        unexpected(cursor, '"}"', isValue ? ': write $${ where the text "${" is meant, as for a shell' : '');
      cursor.at += stripsBehind ? 2 : 1;
      return { at, ...inside, stripsBefore, stripsBehind };
    }),
  );
};
