import { ParseError } from '../../../base/text/parse-error.ts';

const armour = /^-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----\r?\n([\s\S]+?)\r?\n-----END \1PRIVATE KEY-----\s*$/;

const encrypted = 'has a passphrase, and imaged cannot type it: take it off with "ssh-keygen -p"';

/** The cipher of a key in OpenSSH's own format (PROTOCOL.key of OpenSSH): the first text behind its magic. */
const cipherOf = (body: string): string => {
  const bytes = Buffer.from(body, 'base64');
  const magic = Buffer.from('openssh-key-v1\0');
  if (!bytes.subarray(0, magic.length).equals(magic) || bytes.length < magic.length + 4)
    throw new ParseError('is no private key: its content is not what its first line says');
  const length = bytes.readUInt32BE(magic.length);
  return bytes.toString('latin1', magic.length + 4, magic.length + 4 + length);
};

/** A private key that ssh can use without a question, as its file has it. Throws a ParseError. */
export const privateKeyOf = (text: string): string => {
  const [, kind, body] = armour.exec(text.trimStart()) ?? [];
  if (kind === undefined || body === undefined)
    throw new ParseError('is no private key: one begins with "-----BEGIN ... PRIVATE KEY-----" and ends likewise');
  const isEncrypted = kind === 'OPENSSH ' ? cipherOf(body) !== 'none' : kind === 'ENCRYPTED ' || /^Proc-Type: 4,ENCRYPTED/m.test(body); // prettier-ignore
  if (isEncrypted) throw new ParseError(encrypted);
  return `${text.trim().replaceAll('\r\n', '\n')}\n`;
};
