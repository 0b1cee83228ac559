import { makeByteMask } from './byte-mask.ts';
import { formsOf } from './forms/forms.ts';
import { piecesOf } from './secret-words.ts';

/** All texts that must not be shown of these secrets, each at most 64 characters long. Empty ones are none. */
export const hiddenTexts = (secrets: readonly string[]): readonly string[] => [
  ...new Set(
    secrets
      .filter((secret) => secret !== '')
      .flatMap((secret) => [...new Set(formsOf(secret))])
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
