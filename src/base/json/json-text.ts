import { Fault, type FaultCode } from '../fault.ts';
import { pointerTo } from './pointer.ts';

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

/** What a JSON document of a client may come to: no request and no template needs as much. */
export const jsonBounds = {
  depth: 64,
  values: 20_000,
  /** Of one list or object. */
  entries: 2000,
  keyCharacters: 1000,
  textCharacters: 1024 * 1024,
  numberCharacters: 40,
} as const;

/** A document as it came. */
export type JsonSource = {
  readonly bytes: Uint8Array;
  readonly mostBytes: number;
  /** What a message calls it: `The body`. */
  readonly name: string;
  /** The fault that a document which cannot be read ends in. */
  readonly code: FaultCode;
};

type Frame = { readonly keys: Set<string> | undefined; at: string | number; entries: number };

type Awaited = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or the end of it' | 'nothing more';

const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
};

const pathOf = (stack: readonly Frame[]) => stack.map(({ at }) => at);

/** Why a number cannot be kept as it is written; undefined when it can. */
const whyNoNumber = (text: string): string | undefined => {
  if (text.length > jsonBounds.numberCharacters)
    return `is a number of ${text.length} characters: ${jsonBounds.numberCharacters} is the most`;
  const value = Number(text);
  if (!Number.isFinite(value)) return `is ${text}, which is larger than any number that can be kept`;
  if (value !== 0) return undefined;
  if (text.startsWith('-')) return `is ${text}: write 0`;
  return /^[0.]*[1-9]/.test(text) ? `is ${text}, which is smaller than any number that can be kept` : undefined;
};

type Path = readonly (string | number)[];

/** Throws for what a document must not hold, or not so much of. `offset` is where the scan stands. */
const makeLimits = (text: string, { name, code }: JsonSource, stack: readonly Frame[]) => {
  let values = 0;

  const refuse = (path: Path, message: string): never => {
    const pointer = pointerTo(path);
    throw new Fault(code, `${name} cannot be used: ${pointer} ${message}.`, { errors: [{ pointer, message }] });
  };

  return {
    key: (quoted: string, frame: Frame): void => {
      const above = pathOf(stack.slice(0, -1));
      // An escape of six characters stands for one: what is longer for sure is not even parsed.
      const key = quoted.length - 2 > jsonBounds.keyCharacters * 6 ? undefined : String(JSON.parse(quoted));
      if (key === undefined || key.length > jsonBounds.keyCharacters)
        return refuse(above, `has a key of more than ${jsonBounds.keyCharacters} characters`);
      if (key === '__proto__') refuse([...above, key], 'is no key for a document');
      if (frame.keys?.has(key) === true) refuse([...above, key], 'appears twice');
      frame.keys?.add(key);
      frame.at = key;
    },
    value: (string: string | undefined, scalar: string | undefined, offset: number): void => {
      const around = stack.at(-1);
      if (around !== undefined && ++around.entries > jsonBounds.entries)
        refuse(pathOf(stack.slice(0, -1)), `has more than ${jsonBounds.entries} entries`);
      if (++values > jsonBounds.values)
        throw new Fault(code, `${name} has more than ${jsonBounds.values} values at ${placeOf(text, offset)}.`);
      // What is longer for sure is refused here, the rest by its schema.
      if (string !== undefined && string.length > jsonBounds.textCharacters * 6)
        refuse(pathOf(stack), `has more than ${jsonBounds.textCharacters} characters`);
      const wrong = scalar === undefined || /^[tfn]/.test(scalar) ? undefined : whyNoNumber(scalar);
      if (wrong !== undefined) refuse(pathOf(stack), wrong);
    },
    depth: (offset: number): void => {
      if (stack.length > jsonBounds.depth)
        throw new Fault(code, `${name} nests deeper than ${jsonBounds.depth} levels at ${placeOf(text, offset)}.`);
    },
  };
};

const notJson = (text: string, offset: number, awaited: Awaited, { name, code }: JsonSource): Fault => {
  const rest = text.slice(offset).trimStart();
  const place = placeOf(text, text.length - rest.length);
  const saw = rest === '' ? 'its end' : JSON.stringify(rest.slice(0, 20));
  return new Fault(code, `${name} is not JSON: at ${place}, ${awaited} was due, not ${saw}.`, {
    expected: awaited,
    saw,
  });
};

/** Reads a text along the grammar. Throws the source's fault. */
const scan = (text: string, source: JsonSource): void => {
  const stack: Frame[] = [];
  const limits = makeLimits(text, source, stack);
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
      limits.value(undefined, undefined, offset);
      stack.push({ keys: mark === '{' ? new Set() : undefined, at: mark === '{' ? '' : 0, entries: 0 });
      limits.depth(offset);
      awaited = mark === '{' ? 'key or }' : 'value or ]';
    } else if (isValue && (string ?? scalar) !== undefined) {
      limits.value(string, scalar, offset);
      awaited = frame ? ', or the end of it' : 'nothing more';
    } else if (frame?.keys && string !== undefined && (awaited === 'key' || awaited === 'key or }')) {
      limits.key(string, frame);
      awaited = ':';
    } else if (awaited === ':' && mark === ':') {
      awaited = 'value';
    } else if (frame && awaited === ', or the end of it' && mark === ',') {
      if (typeof frame.at === 'number') frame.at += 1;
      awaited = frame.keys ? 'key' : 'value';
    } else if (
      frame &&
      mark === (frame.keys ? '}' : ']') &&
      (awaited === ', or the end of it' || awaited === (frame.keys ? 'key or }' : 'value or ]'))
    ) {
      stack.pop();
      awaited = stack.length > 0 ? ', or the end of it' : 'nothing more';
    } else {
      throw notJson(text, offset, awaited, source);
    }
    offset = end ?? begin;
  }
};

/** The text of a document: UTF-8 (a byte order mark in front is passed over, as RFC 8259 allows). */
const textOf = ({ bytes, mostBytes, name, code }: JsonSource): string => {
  if (bytes.byteLength > mostBytes)
    throw new Fault('too_large', `${name} has ${bytes.byteLength} bytes: ${mostBytes} is the most.`, { mostBytes });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault(code, `${name} is not JSON: it is not UTF-8.`, {}, { cause: error });
  }
};

/**
 * Reads the JSON document of a client, undefined when there is nothing but blanks. Throws `too_large` beyond its bytes,
 * else the source's fault: with line and column for what is not JSON, with a pointer for a key that appears twice,
 * `__proto__`, and a number that cannot be kept, and for what is beyond `jsonBounds`.
 */
export const readJson = (source: JsonSource): unknown => {
  const text = textOf(source);
  if (!/\S/.test(text)) return undefined;
  scan(text, source);
  return JSON.parse(text);
};
