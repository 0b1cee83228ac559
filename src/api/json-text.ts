import { Fault } from '../fault.ts';
import { pointerTo } from './complaints.ts';

// JSON.parse names no place for most errors, takes the last of two equal keys, and lets a document nest so deep that
// whoever walks it later runs out of stack. So a text is read through once before it is parsed (grammar: RFC 8259).
const token =
  /[ \t\n\r]*(?:([{}[\]:,])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])|$)/y;

const maxDepth = 64;

type Frame = { readonly keys: Set<string> | undefined; at: string | number };

type Awaited = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or the end of it' | 'nothing more';

const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
};

const refuse = (text: string, offset: number, awaited: string): Fault => {
  const rest = text.slice(offset).trimStart();
  const at = text.length - rest.length;
  const saw = rest === '' ? 'the end of the body' : JSON.stringify(rest.slice(0, 20));
  return new Fault('bad_request', `The body is not JSON: at ${placeOf(text, at)}, ${awaited} was due, not ${saw}.`, {
    expected: awaited,
    saw,
  });
};

const keyOf = (quoted: string, frame: Frame, stack: readonly Frame[]): string => {
  const key = String(JSON.parse(quoted));
  const pointer = pointerTo([...stack.slice(0, -1).map((outer) => outer.at), key]);
  const wrong = frame.keys?.has(key) ? 'appears twice' : key === '__proto__' ? 'is no key for a document' : undefined;
  if (wrong !== undefined)
    throw new Fault('bad_request', `${pointer} ${wrong}.`, { errors: [{ pointer, message: wrong }] });
  frame.keys?.add(key);
  return key;
};

const scan = (text: string): void => {
  const stack: Frame[] = [];
  let awaited: Awaited = 'value';
  let offset = 0;
  while (offset < text.length || awaited !== 'nothing more') {
    token.lastIndex = offset;
    const match = token.exec(text);
    const [whole = '', mark, string, scalar] = match ?? [];
    const frame = stack.at(-1);
    const isValue = awaited === 'value' || awaited === 'value or ]';
    if (match && awaited === 'nothing more' && !mark && !string && !scalar) return;
    if (isValue && (mark === '{' || mark === '[')) {
      stack.push({ keys: mark === '{' ? new Set() : undefined, at: mark === '{' ? '' : 0 });
      if (stack.length > maxDepth)
        throw new Fault('bad_request', `The body nests deeper than ${maxDepth} levels at ${placeOf(text, offset)}.`);
      awaited = mark === '{' ? 'key or }' : 'value or ]';
    } else if (isValue && (string ?? scalar) !== undefined) {
      awaited = frame ? ', or the end of it' : 'nothing more';
    } else if (frame?.keys && string !== undefined && (awaited === 'key' || awaited === 'key or }')) {
      frame.at = keyOf(string, frame, stack);
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
      throw refuse(text, offset, awaited);
    }
    offset += whole.length;
  }
};

/**
 * Reads a JSON text. Throws `bad_request` with line and column for what is not JSON, and for a key that appears twice,
 * the key `__proto__`, and more than 64 levels.
 */
export const readJson = (text: string): unknown => {
  scan(text);
  return JSON.parse(text);
};
