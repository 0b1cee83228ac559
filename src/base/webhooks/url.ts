import { bounds } from '../bounds.ts';
import { ParseError } from '../text/parse-error.ts';

/** The URL of a webhook, in its usual form. Throws a ParseError that does not show it: there may be a secret in it. */
export const webhookUrlOf = (text: string): string => {
  if (text.length > bounds.urlCharacters) throw new ParseError(`is longer than ${bounds.urlCharacters} characters`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new ParseError('is no URL: write "https://example.org/hook"');
  if (url.username !== '' || url.password !== '')
    throw new ParseError('has a user or a password in it: leave them out');
  url.hash = '';
  return url.href;
};
