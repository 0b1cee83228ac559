/** Where a daemon is, and who asks it. */
export type DownloadApi = {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** A bearer token. */
  readonly token?: string | undefined;
};

/** How far a download is. */
export type DownloadProgress = {
  /** Bytes that are there. */
  readonly have: number;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes a second that came lately; 0 while nothing comes. */
  readonly rate: number;
};
