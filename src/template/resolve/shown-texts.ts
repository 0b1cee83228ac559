import { maskOf } from '../../base/mask/mask.ts';
import { modeOf } from '../../openbsd/installer/turns.ts';
import { isPasswordKey, noPassword } from '../../openbsd/passwords/forms.ts';
import { smallFile } from '../../openbsd/served-sets.ts';
import type { HttpEntry, Spec, Text } from '../spec.ts';

/** A text as its template could write it: with a placeholder for what is known only when the machine runs. */
export const withPlaceholders = (text: Text): string =>
  text
    .map((piece) => (typeof piece === 'string' ? piece : `{{ ${[...piece.apply, piece.runtime].join(' ')} }}`))
    .join('');

/** A response file without passwords and their hashes. */
const withoutPasswords = (text: string): string =>
  text
    .split('\n')
    .map((line) => {
      const [key = '', value = ''] = line.split(/=(.*)/s, 2);
      return isPasswordKey(key) && value.trim() !== noPassword ? `${key}= <sensitive>` : line;
    })
    .join('\n');

const textOf = (entry: HttpEntry): string | undefined => {
  const isResponse = modeOf(entry.path) !== undefined;
  const text = entry.kind === 'text' ? withPlaceholders(entry.text) : entry.kind === 'file' && isResponse ? smallFile(entry.file.path) : undefined; // prettier-ignore
  return text !== undefined && isResponse ? withoutPasswords(text) : text;
};

/** The texts of the endpoint, and the response files among its files, as a guest would get them, for people to read. */
export const shownTexts = ({ http, secrets }: Spec): readonly { readonly path: string; readonly text: string }[] => {
  const mask = maskOf(secrets);
  return http.flatMap((entry) => {
    const text = textOf(entry);
    return text === undefined ? [] : [{ path: mask(entry.path), text: mask(text) }];
  });
};
