import type { Stroke } from '../vmm/console/types.ts';
import { bounds } from '../base/bounds.ts';
import { mostParseErrors, tokensOf, type BootToken } from './boot-tokens.ts';
import { pressedWith, typedWith, type Modifier } from './keys.ts';
import { ParseError, placeOf } from '../base/parse-error.ts';
import { quoted } from '../base/nearest.ts';
import { patternOf } from '../template/language/pattern.ts';

export type BootCommand = {
  readonly strokes: readonly Stroke[];
  /** Everything that is wrong, each with its place; the strokes are to be used only when there is nothing. */
  readonly parseErrors: readonly ParseError[];
};

type Sent = readonly Stroke[] | { readonly wrong: string };

/** What one token sends. `held` is changed by it: a serial line knows no key that is down, so only modifiers are kept. */
const send = (token: BootToken, held: Set<Modifier>): Sent => {
  if (token.kind === 'wait') return [{ waitMs: token.ms }];
  if (token.kind === 'expect') return [{ expect: token.pattern, withinMs: token.withinMs }];
  if (token.kind === 'character') {
    if (token.motion === 'off') return [];
    const type = typedWith(token.character, held);
    const how = [...held].sort().join(' and ');
    return type === undefined
      ? { wrong: `${how} and ${quoted(token.character)} have no form on a serial line` }
      : [{ type }];
  }
  const { key, motion } = token;
  if ('hasNoSerialForm' in key) return { wrong: `<${key.name}> has no form on a serial line` };
  if ('holds' in key) {
    if (motion === 'on') held.add(key.holds);
    else if (motion === 'off') held.delete(key.holds);
    else
      return {
        wrong: `<${key.name}> alone does nothing on a serial line: hold it with <${key.name}On> and <${key.name}Off>`,
      };
    return [];
  }
  if (motion === 'off') return [];
  const type = pressedWith(key.name, key.sends, held);
  return type === undefined ? { wrong: `ctrl and <${key.name}> have no form on a serial line` } : [{ type }];
};

/**
 * The strokes of a boot command in Packer's grammar, with `<expect "regex" 90s>` beside its `<wait>`. A newline is
 * typed as CR, as the Enter key does; `<xOn>` types the character once, and `<xOff>` nothing. To type the text
 * `<enter>` itself, write `<<On><<Off>enter>`, as for Packer. `judgePattern` throws a ParseError for what is no pattern.
 */
export const parseBootCommand = (text: string, judgePattern: (pattern: string) => unknown = patternOf): BootCommand => {
  if (text.length > bounds.bootCommandCharacters)
    return {
      strokes: [],
      parseErrors: [new ParseError(`has ${text.length} characters: ${bounds.bootCommandCharacters} is the most`)],
    };
  const points = [...text];
  const { tokens, parseErrors } = tokensOf(text, judgePattern);
  const strokes: Stroke[] = [];
  const wrong: ParseError[] = [];
  const held = new Set<Modifier>();
  for (const token of tokens) {
    const sent = send(token, held);
    if (!('wrong' in sent)) strokes.push(...sent);
    else if (wrong.length < mostParseErrors) wrong.push(new ParseError(sent.wrong, placeOf(points, token.offset)));
  }
  const all = [...parseErrors, ...wrong];
  return { strokes, parseErrors: all.sort((a, b) => (a.place?.offset ?? 0) - (b.place?.offset ?? 0)) };
};
