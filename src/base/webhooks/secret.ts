import { webhookBounds } from '../bounds.ts';
import { ParseError } from '../text/parse-error.ts';

const leastCharacters = 16;
const inBase64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * A secret that webhooks are signed with: a text of at least 16 characters, or, after `whsec_`, 24 to 64 bytes in base64,
 * as the Standard Webhooks specification has it. Throws a ParseError that does not show it.
 */
export const webhookSecretOf = (text: string): string => {
  if (text.length < leastCharacters || text.length > webhookBounds.secretCharacters)
    throw new ParseError(
      `has ${text.length} characters; a secret has ${leastCharacters} to ${webhookBounds.secretCharacters}`,
    );
  if (!text.startsWith('whsec_')) return text;
  const [, base64 = ''] = inBase64.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64').length;
  if (bytes < 24 || bytes > 64)
    throw new ParseError(`has ${bytes} bytes in base64 after "whsec_"; the specification has 24 to 64`);
  return text;
};
