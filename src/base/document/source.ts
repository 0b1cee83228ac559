import { Fault, type FaultCode } from '../fault.ts';

/** A document as it came. */
export type DocumentSource = {
  readonly form: 'JSON' | 'YAML';
  readonly bytes: Uint8Array;
  readonly mostBytes: number;
  /** What a message calls it: `The body`. */
  readonly name: string;
  /** The fault that a document which cannot be read ends in. */
  readonly code: FaultCode;
};

/** What a document of a client may come to, in JSON or YAML: no request and no template needs as much. */
export const documentBounds = {
  depth: 64,
  values: 20_000,
  /** Of one list or object. */
  entries: 2000,
  keyCharacters: 1000,
  textCharacters: 1024 * 1024,
  numberCharacters: 40,
} as const;

/** Why a number cannot be kept as it is written; undefined when it can. */
export const whyNoNumber = (text: string): string | undefined => {
  if (text.length > documentBounds.numberCharacters)
    return `is a number of ${text.length} characters: ${documentBounds.numberCharacters} is the most`;
  const value = Number(text);
  if (Number.isNaN(value) || /inf/i.test(text)) return `is ${text}, which is no number that can be kept`;
  if (!Number.isFinite(value)) return `is ${text}, which is larger than any number that can be kept`;
  if (value !== 0) return undefined;
  if (text.startsWith('-')) return `is ${text}: write 0`;
  return /^[0.]*[1-9]/.test(text) ? `is ${text}, which is smaller than any number that can be kept` : undefined;
};

// With the flag u, a pair of surrogates is one character, which is none of these.
const half = /[\ud800-\udfff]/u;

/** Why a text cannot be kept as it is: UTF-8 has no half of a character. Undefined when it can. */
export const whyNoText = (text: string): string | undefined =>
  half.test(text) ? 'holds half of a character (a surrogate without its other half): write the whole one' : undefined;

/** Told where each member of a document begins, in the order of the text: an offset into it. */
export type Saw = (path: readonly (string | number)[], offset: number) => void;

/** The text of a document: UTF-8 (a byte order mark in front is passed over, as RFC 8259 allows). */
export const sourceText = ({ form, bytes, mostBytes, name, code }: DocumentSource): string => {
  if (bytes.byteLength > mostBytes)
    throw new Fault('too_large', `${name} has ${bytes.byteLength} bytes: ${mostBytes} is the most.`, { mostBytes });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault(code, `${name} is not ${form}: it is not UTF-8.`, {}, { cause: error });
  }
};
