/** One file of the page, in the forms in which it may be sent. */
export type PageFile = {
  readonly type: string;
  /** Of its content, without quotes. */
  readonly digest: string;
  /** By content coding (RFC 9110, 8.4.1), made when the page was. */
  readonly bytes: { readonly identity: Uint8Array; readonly br?: Uint8Array; readonly gzip?: Uint8Array };
};

/** The page, by the names of its files; empty where it was not built. */
export type PageFiles = ReadonlyMap<string, PageFile>;
