import { withoutEnd } from '../base/pattern/without-end.ts';
import { ParseError } from '../base/text/parse-error.ts';

/**
 * Checks that a text is one public key as authorized_keys(5) of OpenSSH has it: a type, the base64 of a key that says
 * the same type of itself (RFC 4253, 6.6), and perhaps a comment. Throws a ParseError.
 */
export const judgePublicKey = (text: string): void => {
  const [type = '', body = ''] = text.split(/[ \t]+/);
  if (!/^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+$/.test(type))
    throw new ParseError('is not a public key: it must begin with its type, such as "ssh-ed25519"');
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < 8 || withoutEnd(bytes.toString('base64'), '=') !== withoutEnd(body, '='))
    throw new ParseError(`is not a public key: what follows ${type} is not base64`);
  const length = bytes.readUInt32BE(0);
  const inner = bytes.subarray(4, 4 + length).toString('latin1');
  if (inner !== type)
    throw new ParseError(`is not a public key: it is called ${type}, and its base64 holds something else`);
  if (bytes.length <= 4 + length + 4) throw new ParseError('is a public key that was cut off');
};
