import { base64Forms } from './base64.ts';
import { jsonForms, shellForms, xmlForms } from './quoted.ts';
import { urlForms } from './url.ts';

const shortestLine = 8;

const hexForms = (bytes: Buffer): readonly string[] => {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase()];
};

/** As PowerShell encodes a command: UTF-16, and its base64. In bytes where each character has one. */
const utf16Forms = (text: string): readonly string[] => {
  const bytes = Buffer.from(text, 'utf16le');
  const isAscii = /^[\x01-\x7f]*$/.test(text);
  return [...(isAscii ? [bytes.toString('latin1')] : []), ...base64Forms(bytes)];
};

const formsOfOne = (text: string): readonly string[] => {
  const bytes = Buffer.from(text);
  return [
    text,
    ...urlForms(text),
    ...jsonForms(text),
    ...shellForms(text),
    ...xmlForms(text),
    ...base64Forms(bytes),
    ...hexForms(bytes),
    ...utf16Forms(text),
  ];
};

/** The forms in which a secret travels: in each encoding, whole and line by line. Some come twice. */
export const formsOf = (secret: string): readonly string[] => {
  const lines = secret.split(/\r?\n/);
  const longLines = lines.length === 1 ? [] : lines.filter(({ length }) => length >= shortestLine);
  return [secret, ...longLines].flatMap(formsOfOne);
};
