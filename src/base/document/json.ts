import { Fault } from '../fault.ts';
import { pointerTo } from '../json/pointer.ts';
import { placeIn } from '../text/parse-error.ts';
import { documentBounds, sourceText, whyNoNumber, whyNoText, type DocumentSource, type Saw } from './source.ts';

// JSON.parse names no place for most errors, takes the last of two equal keys, and makes millions of values of a few
// megabytes; the packages that name places have no bounds. So a text is read through once before it is parsed (grammar:
// RFC 8259), and read no further than its bounds.
const token =
  /[ \t\n\r]*(?:([{}[\]:,])|(")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])|$)/y;

const quote = 0x22;
const backslash = 0x5c;
const isHex = (code: number) =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);

/**
 * Where the string that begins in front of `from` ends; undefined when it does not, or holds what it must not. No
 * regular expression: V8 keeps a state for every escape that one passes.
 */
const endOfString = (text: string, from: number): number | undefined => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code < 0x20) return undefined;
    if (code !== backslash) continue;
    at += 1;
    if (text[at] === 'u') {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(text.charCodeAt(at + digit))) return undefined;
      at += 4;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? ' ')) return undefined;
  }
  return undefined;
};

// Halves of characters come by their escapes alone: UTF-8 has none.
const surrogateEscape = /\\u[dD][89a-fA-F]/;

type Frame = { readonly keys: Set<string> | undefined; at: string | number; entries: number };

type Awaited = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | 'a comma or the end of it' | 'nothing more';

const placeOf = (text: string, offset: number): string => {
  const { line, column } = placeIn(text, offset);
  return `line ${line}, column ${column}`;
};

const pathOf = (stack: readonly Frame[]) => stack.map(({ at }) => at);

type Path = readonly (string | number)[];

/** Throws for what a document must not hold, or not so much of. `offset` is where the scan stands. */
const makeLimits = (text: string, { name, code }: DocumentSource, stack: readonly Frame[], saw: Saw) => {
  let values = 0;

  const refuse = (path: Path, message: string): never => {
    const pointer = pointerTo(path);
    throw new Fault(code, `${name} cannot be used: ${pointer} ${message}.`, { errors: [{ pointer, message }] });
  };

  return {
    key: (quoted: string, frame: Frame, offset: number): void => {
      const above = pathOf(stack.slice(0, -1));
      // An escape of six characters stands for one: what is longer for sure is not even parsed.
      const key = quoted.length - 2 > documentBounds.keyCharacters * 6 ? undefined : String(JSON.parse(quoted));
      if (key === undefined || key.length > documentBounds.keyCharacters)
        return refuse(above, `has a key of more than ${documentBounds.keyCharacters} characters`);
      saw([...above, key], offset);
      const wrong = whyNoText(key);
      if (wrong !== undefined) refuse(above, `has a key that ${wrong}`);
      if (key === '__proto__') refuse([...above, key], 'is no key for a document');
      if (frame.keys?.has(key) === true) refuse([...above, key], 'appears twice');
      frame.keys?.add(key);
      frame.at = key;
    },
    value: (string: string | undefined, scalar: string | undefined, offset: number): void => {
      const around = stack.at(-1);
      if (around?.keys === undefined) saw(pathOf(stack), offset);
      if (around !== undefined && ++around.entries > documentBounds.entries)
        refuse(pathOf(stack.slice(0, -1)), `has more than ${documentBounds.entries} entries`);
      if (++values > documentBounds.values)
        throw new Fault(code, `${name} has more than ${documentBounds.values} values at ${placeOf(text, offset)}.`);
      // What is longer for sure is refused here, the rest by its schema.
      if (string !== undefined && string.length > documentBounds.textCharacters * 6)
        refuse(pathOf(stack), `has more than ${documentBounds.textCharacters} characters`);
      if (string !== undefined && surrogateEscape.test(string)) {
        const half = whyNoText(String(JSON.parse(string)));
        if (half !== undefined) refuse(pathOf(stack), half);
      }
      const wrong = scalar === undefined || /^[tfn]/.test(scalar) ? undefined : whyNoNumber(scalar);
      if (wrong !== undefined) refuse(pathOf(stack), wrong);
    },
    depth: (offset: number): void => {
      if (stack.length > documentBounds.depth)
        throw new Fault(code, `${name} nests deeper than ${documentBounds.depth} levels at ${placeOf(text, offset)}.`);
    },
  };
};

const notJson = (
  text: string,
  offset: number,
  awaited: Awaited,
  stack: readonly Frame[],
  { name, code }: DocumentSource,
): Fault => {
  const rest = text.slice(offset).trimStart();
  const { line, column } = placeIn(text, text.length - rest.length);
  const found = rest === '' ? 'the end of the text' : JSON.stringify(rest.slice(0, 20));
  const message = `${awaited} was due, not ${found}`;
  const pointer = pointerTo(pathOf(stack));
  const where = pointer === '' ? '' : ` (${pointer})`;
  return new Fault(code, `${name} is not JSON: at line ${line}, column ${column}${where}, ${message}.`, {
    expected: awaited,
    saw: found,
    errors: [{ pointer, message, line, column }],
  });
};

/** Reads a text along the grammar. Throws the source's fault. */
const scan = (text: string, source: DocumentSource, saw: Saw): void => {
  const stack: Frame[] = [];
  const limits = makeLimits(text, source, stack, saw);
  let awaited: Awaited = 'value';
  let offset = 0;

  while (offset < text.length || awaited !== 'nothing more') {
    token.lastIndex = offset;
    const match = token.exec(text);
    const [whole = '', mark, opening, scalar] = match ?? [];
    const begin = offset + whole.length;
    const end = opening === undefined ? begin : endOfString(text, begin);
    const string = opening === undefined || end === undefined ? undefined : text.slice(begin - 1, end);
    const frame = stack.at(-1);
    const isValue = awaited === 'value' || awaited === 'value or ]';
    if (match && awaited === 'nothing more' && !mark && !opening && !scalar) return;
    if (isValue && (mark === '{' || mark === '[')) {
      limits.value(undefined, undefined, begin - 1);
      stack.push({ keys: mark === '{' ? new Set() : undefined, at: mark === '{' ? '' : 0, entries: 0 });
      limits.depth(offset);
      awaited = mark === '{' ? 'key or }' : 'value or ]';
    } else if (isValue && (string ?? scalar) !== undefined) {
      limits.value(string, scalar, begin - (scalar ?? '"').length);
      awaited = frame ? 'a comma or the end of it' : 'nothing more';
    } else if (frame?.keys && string !== undefined && (awaited === 'key' || awaited === 'key or }')) {
      limits.key(string, frame, begin - 1);
      awaited = ':';
    } else if (awaited === ':' && mark === ':') {
      awaited = 'value';
    } else if (frame && awaited === 'a comma or the end of it' && mark === ',') {
      if (typeof frame.at === 'number') frame.at += 1;
      awaited = frame.keys ? 'key' : 'value';
    } else if (
      frame &&
      mark === (frame.keys ? '}' : ']') &&
      (awaited === 'a comma or the end of it' || awaited === (frame.keys ? 'key or }' : 'value or ]'))
    ) {
      stack.pop();
      awaited = stack.length > 0 ? 'a comma or the end of it' : 'nothing more';
    } else {
      throw notJson(text, offset, awaited, stack, source);
    }
    offset = end ?? begin;
  }
};

/**
 * Reads the JSON document of a client, undefined when there is nothing but blanks. Throws `too_large` beyond its bytes,
 * else the source's fault: with line and column for what is not JSON, with a pointer for a key that appears twice,
 * `__proto__`, and a number that cannot be kept, and for what is beyond `documentBounds`.
 */
export const readJson = (source: DocumentSource, saw: Saw = () => undefined): unknown => {
  const text = sourceText(source);
  if (!/\S/.test(text)) return undefined;
  scan(text, source, saw);
  return JSON.parse(text);
};
