import type { ContextHostFacts } from '../../../context/files.ts';
import { readFileSync, statSync } from 'node:fs';
import type { FieldErrors } from '../../../base/field-errors.ts';
import { ParseError } from '../../../base/text/parse-error.ts';
import type { Notes } from '../../../base/notes.ts';
import { isMedium } from '../../../context/files.ts';
import type { Fields } from '../fields.ts';
import type { LoginProofs, TextOrFile } from '../../spec.ts';
import { privateKeyOf } from './private-key.ts';

export type ProofParts = {
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  readonly notes: Notes;
  readonly host: ContextHostFacts | undefined;
};

type Asked = {
  readonly private_key?: string | undefined;
  readonly certificate?: string | undefined;
  readonly password?: string | undefined;
};

const longestFile = 64 * 1024;

const certificateOf = (text: string): string => {
  if (/^[a-z0-9@.-]+-cert-v01@openssh\.com [A-Za-z0-9+/=]+( [^\r\n]*)?$/.test(text.trimEnd())) return text;
  throw new ParseError('is no certificate: one is a line such as "ssh-ed25519-cert-v01@openssh.com AAAA..."');
};

const passwordOf = (text: string): string => {
  if (text !== '' && !/[\x00-\x1f\x7f]/.test(text)) return text;
  throw new ParseError('is no password that can be typed: it is empty, or holds a control character');
};

/** A file that the operator keeps for this: no other user of the host may read a private key. */
const judgeFile = (path: string, judge: (text: string) => unknown, access: 'secret' | 'public'): void => {
  const { size, mode } = statSync(path);
  if (size > longestFile) throw new ParseError(`has more than ${longestFile / 1024} KiB`);
  if (access === 'secret' && (mode & 0o007) !== 0)
    throw new ParseError(`may be read by every user of the host (mode ${(mode & 0o777).toString(8)}): chmod o= it`);
  judge(readFileSync(path, 'utf8'));
};

const textOrFile = async (
  pointer: string,
  raw: string,
  { judge, access }: { readonly judge: (text: string) => unknown; readonly access: 'secret' | 'public' },
  { fields, wrong }: ProofParts,
): Promise<TextOrFile | undefined> => {
  if (isMedium(raw)) {
    const file = await fields.file(pointer, raw);
    if (file.path !== '/') wrong.attempt(pointer, undefined, () => judgeFile(file.path, judge, access));
    return { file };
  }
  const text = fields.early(pointer, raw);
  if (text === undefined) return undefined;
  if (access === 'secret' && !fields.isSecret(pointer, raw))
    wrong.add(pointer, 'would be shown to everybody: send it as a variable with "sensitive", or name "media:..."');
  wrong.attempt(pointer, undefined, () => judge(text));
  return { text };
};

/** What a login shows, judged as far as it is known. */
export const resolveProofs = async (asked: Asked, pointer: string, parts: ProofParts): Promise<LoginProofs> => {
  const { private_key: key, certificate, password } = asked;
  const { fields, wrong, notes } = parts;
  const keyAt = `${pointer}/private_key`;
  const privateKey = key === undefined ? undefined : await textOrFile(keyAt, key, { judge: privateKeyOf, access: 'secret' }, parts); // prettier-ignore
  const certificateAt = `${pointer}/certificate`;
  const proven = certificate === undefined ? undefined : await textOrFile(certificateAt, certificate, { judge: certificateOf, access: 'public' }, parts); // prettier-ignore
  const passwordAt = `${pointer}/password`;
  const text = password === undefined ? undefined : fields.early(passwordAt, password);
  if (text !== undefined) wrong.attempt(passwordAt, undefined, () => passwordOf(text));
  if (password !== undefined && !fields.isSecret(passwordAt, password))
    notes.add(passwordAt, 'stands in the template, and everybody who may read that knows it: send it as a variable with "sensitive"'); // prettier-ignore
  return {
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(proven === undefined ? {} : { certificate: proven }),
    ...(text === undefined ? {} : { password: text }),
  };
};
