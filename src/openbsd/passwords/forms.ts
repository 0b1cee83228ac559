import { ParseError } from '../../base/text/parse-error.ts';

/** bcrypt as crypt(3) of OpenBSD takes it: the variants a and b, 22 characters of salt, 31 of hash. */
export const bcryptForm = /^\$2[ab]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** Disables logins with a password (autoinstall(8)). */
export const noPassword = '*'.repeat(13);

// bcrypt looks at 72 bytes and no further (bcrypt(3)).
const mostBytes = 72;

/** Whether a line of a response file holds a password: any line that names one, for any user. */
export const isPasswordKey = (question: string): boolean => /(?:^|[ \t])password(?=$|[ \t?])/i.test(question.trim());

/** What a password is, as a template or a build gives it. Throws a ParseError, which never shows it. */
export const kindOfPassword = (text: string): 'ready' | 'plain' => {
  if (text === noPassword || bcryptForm.test(text)) return 'ready';
  if (text === '') throw new ParseError('is an empty password: 13 asterisks disable logins with a password');
  if (/^\*+$/.test(text))
    throw new ParseError(`has ${text.length} asterisks: logins with a password are disabled by 13`);
  if (/^\$2[a-z]?\$/.test(text))
    throw new ParseError(
      'looks like a bcrypt hash, but OpenBSD takes $2a$ and $2b$ with 53 characters behind the cost',
    );
  if (/^(?:\$(?:[0-9a-z]{1,10}|argon2[a-z]+)\$|\{[A-Za-z0-9-]+\})./.test(text))
    throw new ParseError(
      'looks like a hash that OpenBSD does not take: give the plain password, or a bcrypt hash (encrypt(1), htpasswd -B)',
    );
  if (Buffer.byteLength(text) > mostBytes) throw new ParseError(`is a password of more than ${mostBytes} bytes`);
  return 'plain';
};
