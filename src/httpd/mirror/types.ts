import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Signer } from '../../base/openbsd/mirror-layout.ts';
import type { FollowedMirror } from './follow.ts';

/** What one build took from the mirror: what went into its image. */
export type MirrorSet = {
  /** Below `pub/OpenBSD`, such as `7.9/amd64/base79.tgz`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly from: 'cache' | 'upstream' | 'directory';
  /** The file name of the public key that the digest was verified with. */
  readonly key: string;
};

/** A file that is still on its way from upstream: its length is known, its digest is not. */
export type Growing = {
  readonly kind: 'growing';
  readonly length: number;
  /** The bytes as they come, but for the last block, which follows when the digest is right; else the stream fails. */
  readonly follow: () => FollowedMirror;
  readonly isVerified: () => boolean;
  readonly set: MirrorSet;
};

/** A file whose digest is right. Its caller closes it. */
export type Verified = {
  readonly kind: 'file';
  readonly handle: FileHandle;
  readonly stats: Stats;
  readonly set: MirrorSet;
};

export type MirrorFound =
  | { readonly kind: 'text'; readonly type: string; readonly render: () => string }
  | Verified
  | Growing;

/** The sets of OpenBSD for all machines of this host: nothing comes out of it whose name and digest are not signed. */
export type Mirror = AsyncDisposable & {
  /**
   * What lies at a path below `pub/OpenBSD/`; undefined for any other path. `own` names the files that the machine has
   * in a folder by itself, for the folder's index. Throws `mirror_refused` (no signed file has that name),
   * `mirror_damaged` (signature or digest is wrong), `mirror_unavailable`, `storage_full`, or the signal's reason.
   */
  readonly find: (
    path: string,
    own: (folder: string) => Promise<readonly string[]>,
    signal: AbortSignal,
  ) => Promise<MirrorFound | undefined>;
  /**
   * The SHA-256 that is signed now for a set below `pub/OpenBSD/`, in lower-case hexadecimal; undefined where there is no such
   * set. Throws as `find` does, but for `mirror_refused`.
   */
  readonly digestOf: (path: string, signal: AbortSignal) => Promise<string | undefined>;
  /** The same by what this host has already: nothing is fetched. `not asked`: only upstream could tell. */
  readonly digestAtHand: (
    path: string,
    signal: AbortSignal,
  ) => Promise<{ readonly sha256: string | undefined } | 'not asked'>;
};

/** The verified SHA256.sig of one folder. */
export type Signed = {
  /** As it is, signature and message. */
  readonly text: string;
  /** The message alone: what SHA256 holds. */
  readonly message: string;
  readonly sums: ReadonlyMap<string, string>;
  readonly key: string;
};

/** Where a mirror's files come from: a folder of this host, or upstream through a cache. */
export type MirrorSource = AsyncDisposable & {
  readonly signed: (place: MirrorPlace, signal: AbortSignal) => Promise<Signed>;
  /** The same without asking upstream; undefined: it would be asked. */
  readonly signedAtHand: (place: MirrorPlace, signal: AbortSignal) => Promise<Signed | undefined>;
  readonly open: (place: MirrorPlace, sha256: string, key: string, signal: AbortSignal) => Promise<Verified | Growing>;
};

/** A file below `pub/OpenBSD`. */
export type MirrorPlace = {
  /** Such as `7.9/amd64` or `syspatch/7.9/amd64`. */
  readonly folder: string;
  readonly name: string;
  readonly release: string;
  /** The kind of key that signs this folder. */
  readonly signer: Signer;
};
