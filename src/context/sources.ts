import type { Checksum } from '../fetch/checksum.ts';

/** What a machine may begin with beside the context and the media of the configuration. */
export type ContextSources = {
  /** Files that clients have uploaded, by name. */
  readonly uploaded: () => Readonly<Record<string, string>>;
  /** Where this host has a file of this digest, uploaded or fetched; undefined where it has none. */
  readonly ofDigest: (checksum: Checksum) => Promise<string | undefined>;
  /** Why a URL may not be fetched, as the end of a sentence about it; undefined: it may be. */
  readonly refuseUrl: (url: URL) => string | undefined;
  /**
   * The artifact of another build, by the build's id, or by a template's name where it is of the newest build that went well.
   * Undefined where that is not to be looked for yet. Throws a ParseError.
   */
  readonly artifact: (
    of: { readonly build: string } | { readonly template: string },
    name: string,
  ) => Promise<string | undefined>;
};
