import type { FieldError } from '../../base/fault.ts';
import { checksumOf, type Checksum } from '../../fetch/checksum.ts';
import { invalid } from '../server/field-errors.ts';

const algorithms = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

const isKnown = (name: string): name is keyof typeof algorithms => Object.hasOwn(algorithms, name);

/** The digests in a Content-Digest header (RFC 9530, 2) that are known here; others do not count. */
const inHeader = (header: string): readonly string[] =>
  header.split(',').flatMap((part) => {
    const [, name = '', base64 = ''] = /^\s*([a-z0-9-]+)=:([A-Za-z0-9+/=]*):/.exec(part) ?? [];
    return isKnown(name) ? [`${algorithms[name]}:${Buffer.from(base64, 'base64').toString('hex')}`] : [];
  });

/** What the body must hash to, as the query and the header say. Throws `invalid_input`. */
export const expectedOf = (sha256: string | undefined, header: unknown): readonly Checksum[] => {
  const errors: FieldError[] = [];
  const read = (pointer: string, text: string): readonly Checksum[] => {
    try {
      return [checksumOf(text)];
    } catch {
      errors.push({ pointer, message: `${JSON.stringify(text)} is no digest of its kind` });
      return [];
    }
  };
  const all = [
    ...(sha256 === undefined ? [] : read('query:/sha256', `sha256:${sha256}`)),
    ...(typeof header === 'string' ? inHeader(header).flatMap((text) => read('header:/content-digest', text)) : []),
  ];
  if (errors.length > 0) throw invalid(errors);
  return all;
};
