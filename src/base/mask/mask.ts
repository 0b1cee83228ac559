import { makeByteMask, type ByteMask } from './byte-mask.ts';
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

/** A mask of all their forms; undefined where there is nothing to hide. */
const maskFor = (secrets: readonly string[]): ByteMask | undefined => {
  const values = hiddenTexts(secrets).map((text) => Buffer.from(text));
  if (values.length === 0) return undefined;
  const mask = makeByteMask();
  mask.hide(values, '<sensitive>');
  return mask;
};

/** Makes the function that puts `<sensitive>` in place of every secret in a text, the longest first, so that none is left in halves. */
export const maskOf = (secrets: readonly string[]): ((text: string) => string) => {
  const mask = maskFor(secrets);
  return mask?.text ?? ((text) => text);
};

/**
 * The same for texts in which others are quoted, cut where `…` stands (`quoted`): what may be the beginning of a secret there
 * is taken out as well.
 */
export const maskCutTexts = (secrets: readonly string[]): ((text: string) => string) => {
  const mask = maskFor(secrets);
  if (mask === undefined) return (text) => text;
  const cut = (part: string) => Buffer.concat([mask.take(Buffer.from(part)), mask.rest('end')]).toString();
  return (text) => {
    const parts = text.split('…');
    return [...parts.slice(0, -1).map(cut), ...parts.slice(-1).map(mask.text)].join('…');
  };
};
