import { AskedId } from '../../base/ids.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { fileRef, type FileRoots } from '../../context/files.ts';
import type { ContextSources } from '../../context/sources.ts';
import { checksumOf } from '../../fetch/checksum.ts';
import type { Wanted } from '../../fetch/fetcher.ts';
import type { ImageRef } from '../spec.ts';

const noSources = (): never => {
  throw new ParseError('names what this host does not offer here');
};

const byDigest = async (digest: string, shown: string, { sources }: FileRoots): Promise<ImageRef> => {
  const checksum = checksumOf(digest);
  const path = await sources?.ofDigest(checksum);
  if (path === undefined)
    throw new ParseError(`this host has no medium with the digest ${quoted(digest)}: POST /media uploads one`);
  return { path, shown, wanted: { urls: [], checksum } };
};

const ofBuild = async (reference: string, shown: string, { sources = noSources() }: FileRoots): Promise<ImageRef> => {
  const [, template, build = '', name = ''] = /^(?:latest:([^/]+)|([^/]+))\/([^/]+)$/.exec(reference) ?? [];
  if (name === '')
    throw new ParseError(
      `${quoted(shown)} is no artifact: write "build:ID/artifact" or "build:latest:TEMPLATE/artifact"`,
    );
  const id = AskedId.safeParse(build);
  if (template === undefined && !id.success) throw new ParseError(`${quoted(build)} is not the id of a build`);
  const path = await sources.artifact(template === undefined ? { build: id.data ?? '' } : { template }, name);
  return { path: path ?? '', shown };
};

/** What the machine begins with, by a text of the template. Throws a ParseError. */
export const imageRef = async (shown: string, roots: FileRoots): Promise<ImageRef> => {
  const digest = /^media:((?:sha256|sha512|sha1|md5):.*)$/.exec(shown)?.[1];
  if (digest !== undefined) return byDigest(digest, shown, roots);
  if (shown.startsWith('build:')) return ofBuild(shown.slice('build:'.length), shown, roots);
  return fileRef(shown, 'file', roots);
};

/** A URL that may be fetched. Throws a ParseError. */
export const fetchedUrl = (text: string, sources: ContextSources | undefined): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ParseError(`${quoted(text)} is no URL: write it with http:// or https://`);
  const why = sources === undefined ? 'cannot be fetched by this host' : sources.refuseUrl(url);
  if (why !== undefined) throw new ParseError(`${quoted(text)} ${why}`);
  url.hash = '';
  return url.href;
};

const listPrefix = 'file:';

/** Reads a `checksum`. Throws a ParseError. */
export const wantedChecksum = (text: string, sources: ContextSources | undefined): Wanted['checksum'] =>
  text.startsWith(listPrefix) ? { list: fetchedUrl(text.slice(listPrefix.length), sources) } : checksumOf(text);
