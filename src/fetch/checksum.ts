import { ParseError } from '../base/text/parse-error.ts';

/** Digits of a digest in hexadecimal, by algorithm. */
const digits = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;

export type ChecksumAlgorithm = keyof typeof digits;

/** What a file must hash to; `hex` is in lower case. */
export type Checksum = { readonly algorithm: ChecksumAlgorithm; readonly hex: string };

const isAlgorithm = (word: string): word is ChecksumAlgorithm => Object.hasOwn(digits, word);

/** The weakest first. */
export const algorithms: readonly ChecksumAlgorithm[] = Object.keys(digits).filter(isAlgorithm);

/** The algorithm whose digests have so many hexadecimal digits; undefined where none has. */
export const algorithmOfLength = (length: number): ChecksumAlgorithm | undefined =>
  algorithms.find((name) => digits[name] === length);

/** Reads `sha256:HEX`, or the digits alone, whose number tells the algorithm, as Packer's iso_checksum has it. Throws a ParseError. */
export const checksumOf = (text: string): Checksum => {
  const [, word, raw = ''] = /^(?:([a-z0-9]+):)?([0-9a-f]*)$/i.exec(text.trim()) ?? [];
  const algorithm = word?.toLowerCase() ?? algorithmOfLength(raw.length) ?? '';
  if (raw !== '' && isAlgorithm(algorithm) && digits[algorithm] === raw.length)
    return { algorithm, hex: raw.toLowerCase() };
  const forms = algorithms.map((name) => `${name}: and ${digits[name]} hexadecimal digits`);
  throw new ParseError(`is no checksum: write ${forms.join(', ')}, or file: and the URL of a list of them`);
};

/** The name under which a file of this digest is kept: the digits of a SHA-256 alone, any other with its algorithm in front. */
export const keyOf = ({ algorithm, hex }: Checksum): string => (algorithm === 'sha256' ? hex : `${algorithm}-${hex}`);

/** What the file that is kept under this name must hash to. */
export const checksumOfKey = (key: string): Checksum => {
  const [, word, hex = ''] = /^(?:(md5|sha1|sha512)-)?([0-9a-f]+)$/.exec(key) ?? [];
  return { algorithm: word !== undefined && isAlgorithm(word) ? word : 'sha256', hex };
};

/** As people read it: `sha256:HEX`. */
export const checksumText = ({ algorithm, hex }: Checksum): string => `${algorithm}:${hex}`;
