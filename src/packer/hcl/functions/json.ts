import { numberText } from '../values/number-text.ts';
import type { PlainValue } from '../values/plain.ts';

// Go's encoding/json escapes these, so that its text may stand in HTML.
const escaped = /[<>&\u2028\u2029]/g;

// A string, or a number with an exponent: cty writes all digits of a number (go-cty's json/marshal.go).
const long = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?e[+-]\d+/g;

/** The JSON text of a value as Go writes it. Its keys are in order already. */
export const goJson = (value: PlainValue): string =>
  JSON.stringify(value)
    .replace(long, (one) => (one.startsWith('"') ? one : numberText(Number(one))))
    .replace(escaped, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
