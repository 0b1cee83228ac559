import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { bounds } from '../base/bounds.ts';
import { isErrno } from '../base/errno.ts';
import { isWithin } from '../base/file/is-within.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import type { HostMeans } from '../post-processors/host-means.ts';
import type { FileRef } from '../template/spec.ts';
import type { ContextSources } from './sources.ts';

/** All that a template may read: absolute paths, of its context's folder and of the media the configuration lists. */
export type FileRoots = {
  readonly context?: string;
  /** A file or a folder, by name. */
  readonly media: Readonly<Record<string, string>>;
  /** What else a machine may begin with; undefined: nothing. */
  readonly sources?: ContextSources;
  readonly host?: ContextHostFacts;
};

/** What a host's machines find around them. What is left out is not known. */
export type ContextHostFacts = {
  /**
   * What DHCP tells a machine in a network of its own: whether it names a router and a name server, and, where it boots
   * from the network, itself.
   */
  readonly lease?: { readonly router: boolean; readonly dns: boolean; readonly hostname: boolean };
  /** Every endpoint serves OpenBSD's sets under `pub/OpenBSD/RELEASE/ARCHITECTURE`. */
  readonly hasMirror?: boolean;
  /** A machine may be given the network outside. */
  readonly hasOutgoing?: boolean;
  /** The hosts that a build may log in through; undefined: not known. Names are in lower case. */
  readonly bastions?: readonly { readonly host: string; readonly port: number }[];
  /** What it has for post-processors. */
  readonly means?: HostMeans;
  /** What of a template may run on the host itself. */
  readonly allows?: { readonly shell_local: boolean; readonly ansible: boolean; readonly ansible_galaxy: boolean };
};

const mediaPrefix = 'media:';

/** Whether a reference names a medium, and no file of the context. */
export const isMedium = (shown: string): boolean => shown.startsWith(mediaPrefix);

type Root = { readonly root: string; readonly below: string; readonly isOfHost?: true };

/** The medium a reference names: the longest name that is the reference or a folder on its way. */
const mediumOf = (reference: string, { media, sources }: FileRoots): Root => {
  const segments = reference.split('/');
  if (segments.length > bounds.pathSegments)
    throw new ParseError(`is a path of more than ${bounds.pathSegments} folders`);
  for (let count = segments.length; count > 0; count--) {
    const name = segments.slice(0, count).join('/');
    const root = Object.hasOwn(media, name) ? media[name] : undefined;
    if (root !== undefined) return { root, below: segments.slice(count).join('/'), isOfHost: true };
  }
  const [name = ''] = segments;
  const uploaded = sources?.uploaded() ?? {};
  const root = Object.hasOwn(uploaded, reference) ? uploaded[reference] : undefined;
  if (root !== undefined) return { root, below: '' };
  throw new ParseError(
    `this host has no medium ${quoted(name)}: ${didYouMean(name, [...Object.keys(media), ...Object.keys(uploaded)])}`,
  );
};

const rootOf = (shown: string, roots: FileRoots): Root => {
  if (isMedium(shown)) return mediumOf(shown.slice(mediaPrefix.length), roots);
  if (roots.context !== undefined) return { root: roots.context, below: shown };
  throw new ParseError(`${quoted(shown)} is a file of the context, and there is none: send a tar, or use "media:..."`);
};

const refuseHostile = (shown: string) => {
  const path = isMedium(shown) ? shown.slice(mediaPrefix.length) : shown;
  if (path === '' || shown.includes('\0')) throw new ParseError('is not a path');
  if (shown.length > bounds.pathCharacters)
    throw new ParseError(`is a path of more than ${bounds.pathCharacters} characters`);
  if (isAbsolute(path))
    throw new ParseError(`${quoted(shown)} is absolute: name a file of the context, or "media:..."`);
  if (path.split('/').includes('..')) throw new ParseError(`${quoted(shown)} holds "..": name the file without it`);
};

const absentCodes = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'];
const isAbsent = (error: unknown): boolean => isErrno(error, ...absentCodes);

const whyAbsent = (shown: string, below: string): string => {
  if (!isMedium(shown)) return `the context has no readable file ${quoted(shown)}; add it or correct the path`;
  const name = shown.slice(mediaPrefix.length, below === '' ? undefined : -below.length - 1);
  const what = below === '' ? 'cannot be read' : `has no readable file ${quoted(below)}`;
  return `${shown}: the medium ${quoted(name)} ${what}; put it there or correct the path`;
};

// At once, not by a promise: looking a name up takes microseconds, and a template has many. Each promise would be a
// turn of the event loop, which on a busy daemon may hold an fsync.
const realpathOf = (path: string, shown: string, below: string): string => {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    throw new ParseError(whyAbsent(shown, below));
  }
};

/**
 * The file or folder that a template refers to, proven to lie in its context or medium after every link has been
 * followed. Throws a ParseError.
 */
export const fileRef = async (
  shown: string,
  kind: 'file' | 'folder' | 'either',
  roots: FileRoots,
): Promise<FileRef> => {
  refuseHostile(shown);
  const { root, below, isOfHost } = rootOf(shown, roots);
  const realRoot = realpathOf(root, shown, '');
  const path = below === '' ? realRoot : realpathOf(join(realRoot, below), shown, below);
  if (!isWithin(realRoot, path)) throw new ParseError(`${quoted(shown)} is a link that leads out of its folder`);
  const found = statSync(path);
  const isKind = (kind !== 'folder' && found.isFile()) || (kind !== 'file' && found.isDirectory());
  if (!isKind) throw new ParseError(`${quoted(shown)} is not a ${kind === 'either' ? 'file or folder' : kind}`);
  return { path, shown, ...(isOfHost === undefined ? {} : { isOfHost }) };
};

/**
 * The real path of what lies below a folder, every link followed. Undefined when it is not there and when it lies
 * outside alike: a name that a client chose must not tell what else the host has.
 */
export const insideOf = (root: string, below: string): string | undefined => {
  if (below.includes('\0') || below.split('/').includes('..')) return undefined;
  try {
    const realRoot = realpathSync.native(root);
    const path = realpathSync.native(join(realRoot, below));
    return isWithin(realRoot, path) ? path : undefined;
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return undefined;
  }
};
