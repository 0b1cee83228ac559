import type { Builder } from '../builder.ts';
import { contextPath, isMedium } from '../paths.ts';
import { ParseError } from '../../../base/text/parse-error.ts';
import { quoted } from '../../../base/text/nearest.ts';
import type { Rules, Written } from '../keys.ts';

const cache = { idle: 'what is fetched is kept by its digest' } as const;

/** Packer's keys for the image that a build begins with. The last two were taken out of Packer, and old templates have them. */
export const isoRules = {
  iso_url: 'read',
  iso_urls: 'read',
  iso_checksum: 'read',
  iso_target_path: cache,
  iso_target_extension: cache,
  iso_skip_cache: cache,
  iso_checksum_type: 'read',
  iso_checksum_url: 'read',
} as const satisfies Rules;

/** A file of the host or the context by its name, or one that is fetched and has a digest. */
type Image = string | { readonly urls: readonly string[]; readonly checksum: string };

const typeOfLength: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

const isRemote = (url: string): boolean => /^(?:https?|ftp):/i.test(url);

/** The value of a text, or the text itself where it is not known yet. */
const valueOf = (text: string, { reading }: Builder, at: string): string =>
  reading.wrong.attempt(at, text, () => reading.fill(text) ?? text).trim();

/** Whether a checksum is in a file beside the template, which Packer would read. */
const isInFile = (value: string): boolean => /^file:/i.test(value) && !isRemote(value.slice('file:'.length));

/** The checksum with its type in front, as `raw` has it, placeholders and all. */
const typedChecksum = (raw: string, value: string, type: string | undefined): string => {
  if (type === 'none') return 'none';
  if (value === 'none' || value.includes('{{')) return raw;
  if (isInFile(value))
    throw new ParseError(`${quoted(value)} names a file of sums that is no URL: write the digest itself, "sha256:..."`);
  if (/^file:/i.test(value)) return raw;
  const [, prefix = type?.toLowerCase(), hex = value] = /^(md5|sha1|sha256|sha512):(.*)$/i.exec(value) ?? [];
  const ofLength = typeOfLength[hex.length];
  if (
    !/^[0-9a-f]+$/i.test(hex) ||
    ofLength === undefined ||
    (prefix !== undefined && prefix.toLowerCase() !== ofLength)
  )
    throw new ParseError(`${quoted(value)} is no checksum: write "sha256:" and its 64 hexadecimal digits`);
  return raw.includes(':') && !raw.includes('{{') ? raw.toLowerCase() : hex === value ? `${ofLength}:${raw}` : raw;
};

const checksumOf = (builder: Builder, isLocal: boolean): string | undefined => {
  const { keys, reading } = builder;
  const raw = keys.text('iso_checksum');
  const type = keys.known('iso_checksum_type');
  const sums = keys.text('iso_checksum_url');
  if (sums !== undefined && (raw === undefined || raw === '')) return `file:${sums}`;
  if (raw === undefined || raw === '') return type === 'none' ? 'none' : undefined;
  const at = keys.at('iso_checksum');
  const value = valueOf(raw, builder, at);
  if (isLocal && isInFile(value)) {
    reading.notes.add(at, 'has no meaning here: a file of the context or a medium is taken as it is');
    return undefined;
  }
  return reading.wrong.attempt(at, undefined, () => typedChecksum(raw, value, type));
};

const urlsOf = ({ keys, reading }: Builder): readonly Written[] => {
  const one = keys.text('iso_url');
  const many = keys.list('iso_urls');
  if (one !== undefined && one !== '' && many !== undefined && many.length > 0)
    reading.wrong.add(keys.at('iso_urls'), 'stands beside "iso_url": use one of them');
  return one === undefined || one === '' ? (many ?? []) : [{ text: one, at: keys.at('iso_url') }];
};

/** Of files beside the template, the first that is there; where none is and nothing can be fetched, the first. */
const localImage = (local: readonly Written[], hasRemote: boolean, builder: Builder): string | undefined => {
  const { reading } = builder;
  const paths = local.map(({ text, at }) => ({ text, at, value: valueOf(text, builder, at) }));
  const isThere = (value: string) => {
    try {
      const path = contextPath(value);
      return isMedium(path) || reading.files.has(path);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      return false;
    }
  };
  const found = paths.find(({ value }) => isThere(value)) ?? (hasRemote ? undefined : paths[0]);
  return found && reading.wrong.attempt(found.at, undefined, () => contextPath(found.text));
};

/** The image that the builder begins with, and its place; undefined: it names none. */
export const imageOf = (builder: Builder): { readonly image: Image; readonly from: string } | undefined => {
  const { keys, reading } = builder;
  const urls = urlsOf(builder);
  const [first] = urls;
  const isUrl = ({ text, at }: Written) => {
    const value = valueOf(text, builder, at);
    return isRemote(value) || (value.includes('{{') && !value.startsWith('.'));
  };
  const remote = urls.filter(isUrl);
  const local = localImage(
    urls.filter((url) => !remote.includes(url)),
    remote.length > 0,
    builder,
  );
  const checksum = checksumOf(builder, local !== undefined);
  if (first === undefined) return undefined;
  const from = keys.at(keys.text('iso_url') ? 'iso_url' : 'iso_urls');
  if (local !== undefined) return { image: local, from };
  if (remote.length === 0) return undefined;
  if (checksum === undefined && keys.raw('iso_checksum') === undefined)
    reading.wrong.add(keys.pointer, 'has no "iso_checksum": what is fetched needs its digest, "sha256:..."');
  if (checksum === 'none')
    reading.wrong.add(keys.at('iso_checksum'), 'is "none", and what is fetched needs its digest: write "sha256:..."');
  return { image: { urls: remote.map(({ text }) => text), checksum: checksum ?? '' }, from };
};
