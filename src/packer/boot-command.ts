import type { Stroke } from '../vmm/console/types.ts';
import { bounds } from '../base/bounds.ts';
import { mostParseErrors, tokensOf, type BootToken } from './boot-tokens.ts';
import { characterMotions, keyMotions } from './keyboard.ts';
import { pressedWith, typedWith, type Modifier } from './keys.ts';
import { ParseError, placeOf } from '../base/text/parse-error.ts';
import { quoted } from '../base/text/nearest.ts';
import { patternOf } from '../template/language/pattern.ts';

export type BootCommand = {
  readonly strokes: readonly Stroke[];
  /** Everything that is wrong, each with its place; the strokes are to be used only when there is nothing. */
  readonly parseErrors: readonly ParseError[];
};

type KeyToken = Extract<BootToken, { readonly kind: 'character' | 'key' }>;
type PauseToken = Exclude<BootToken, KeyToken>;

const isKey = (token: BootToken): token is KeyToken => token.kind === 'character' || token.kind === 'key';

const pauseOf = (token: PauseToken): readonly Stroke[] =>
  token.kind === 'wait' ? [{ waitMs: token.ms }] : [{ expect: token.pattern, withinMs: token.withinMs }];

type Sent = readonly Stroke[] | { readonly wrong: string };

/** What one token sends on a serial line. `held` is changed by it: a serial line knows no key that is down, so only modifiers are kept. */
const send = (token: KeyToken, held: Set<Modifier>): Sent => {
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

/** What one token does on a keyboard. `held` is changed by it. */
const strike = (token: KeyToken, held: Set<Modifier>): Sent => {
  const { motion } = token;
  if (token.kind === 'character') {
    const keys = characterMotions(token.character, motion, held.has('shift') ? 'held' : 'free');
    return keys === undefined
      ? { wrong: `${quoted(token.character)} is on no key of a US keyboard` }
      : [{ keys, shown: token.character }];
  }
  const { key } = token;
  if ('holds' in key && motion === 'on') held.add(key.holds);
  if ('holds' in key && motion === 'off') held.delete(key.holds);
  const suffix = { press: '', on: 'On', off: 'Off' }[motion];
  return [{ keys: keyMotions(key.name, motion), shown: `<${key.name}${suffix}>` }];
};

/** Where the keys of a boot command are pressed. */
export type PressedBy = 'serial' | 'keyboard';

export type BootCommandOptions = {
  /** Throws a ParseError for what is no pattern. */
  readonly judgePattern?: (pattern: string) => unknown;
  /** Default: the serial line. */
  readonly by?: PressedBy | undefined;
  /** A character that stands for a value which is not known yet, and is judged when it is. */
  readonly unknown?: string;
};

const tooLong = (text: string): readonly ParseError[] =>
  text.length > bounds.bootCommandCharacters
    ? [new ParseError(`has ${text.length} characters: ${bounds.bootCommandCharacters} is the most`)]
    : [];

/** What is wrong in a boot command, whichever way its keys are pressed. `judgePattern` throws a ParseError for what is no pattern. */
export const grammarErrors = (text: string, judgePattern: (pattern: string) => unknown): readonly ParseError[] => {
  const wrong = tooLong(text);
  return wrong.length > 0 ? wrong : tokensOf(text, judgePattern).parseErrors;
};

/**
 * The strokes of a boot command in Packer's grammar, with `<expect "regex" 90s>` beside its `<wait>`. A newline is
 * typed as CR, as the Enter key does; `<xOn>` types the character once, and `<xOff>` nothing. To type the text
 * `<enter>` itself, write `<<On><<Off>enter>`, as for Packer. On a keyboard keys go down and up as Packer's do.
 */
export const parseBootCommand = (
  text: string,
  { judgePattern = patternOf, by = 'serial', unknown }: BootCommandOptions = {},
): BootCommand => {
  const long = tooLong(text);
  if (long.length > 0) return { strokes: [], parseErrors: long };
  const points = [...text];
  const { tokens, parseErrors } = tokensOf(text, judgePattern);
  const strokes: Stroke[] = [];
  const wrong: ParseError[] = [];
  const held = new Set<Modifier>();
  const press = by === 'keyboard' ? strike : send;
  for (const token of tokens) {
    if (token.kind === 'character' && token.character === unknown) continue;
    const sent = isKey(token) ? press(token, held) : pauseOf(token);
    if (!('wrong' in sent)) strokes.push(...sent);
    else if (wrong.length < mostParseErrors) wrong.push(new ParseError(sent.wrong, placeOf(points, token.offset)));
  }
  const all = [...parseErrors, ...wrong];
  return { strokes, parseErrors: all.sort((a, b) => (a.place?.offset ?? 0) - (b.place?.offset ?? 0)) };
};
