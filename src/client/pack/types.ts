/** What of a folder is sent: its files with their bytes, and its folders, by their path in the archive. */
export type PackEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Where its bytes are read: another place than its path says where that is a symbolic link. */
      readonly from: string;
      readonly bytes: number;
      readonly isExecutable: boolean;
    };

/** What a host takes as a context, as `limits` of `GET /host` tells it. */
export type PackLimits = {
  /** Files and folders together. */
  readonly files: number;
  /** Of all files. */
  readonly bytes: number;
};
