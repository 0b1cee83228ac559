/** Bytes, and the SHA-256 of all of them in lower-case hex. */
export type Digest = { readonly size: number; readonly sha256: string };

/** A published file. `sha256` is lower-case hex, `size` is bytes. */
export type Artifact = {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
};
