import { makeByteMask } from './byte-mask.ts';
import { inSingleQuotes } from '../shell.ts';
import { piecesOf } from './secret-words.ts';

const shortestLine = 8;

/** The forms in which a secret reaches a log: itself, as part of a URL, a JSON string or base64, and line by line. */
const formsOf = (secret: string): readonly string[] => {
  const text = Buffer.from(secret);
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= shortestLine);
  // As imaged quotes it, and as shells show it (set -x).
  const shell = [inSingleQuotes(secret), secret.replaceAll("'", `'"'"'`)];
  const base64 = [text.toString('base64'), text.toString('base64url')];
  return [
    secret,
    ...lines,
    encodeURIComponent(text.toString()),
    JSON.stringify(secret).slice(1, -1),
    ...shell,
    ...base64,
  ];
};

/** All texts that must not be shown of these secrets, each at most 64 characters long. Empty ones are none. */
export const hiddenTexts = (secrets: readonly string[]): readonly string[] => [
  ...new Set(
    secrets
      .filter((secret) => secret !== '')
      .flatMap(formsOf)
      .flatMap(piecesOf),
  ),
];

/** Makes the function that puts `<sensitive>` in place of every secret in a text, the longest first, so that none is left in halves. */
export const maskOf = (secrets: readonly string[]): ((text: string) => string) => {
  const texts = hiddenTexts(secrets);
  if (texts.length === 0) return (text) => text;
  const mask = makeByteMask();
  const values = texts.map((text) => Buffer.from(text));
  mask.hide(values, '<sensitive>');
  return mask.text;
};
