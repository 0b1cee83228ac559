/** A disk image as the guest sees it: `size` bytes, of which any part can be read. */
export type DiskReader = AsyncDisposable & {
  readonly size: number;
  /** Fills the buffer with what is there; what the image does not hold is zero. Reading does not go beyond `size`. */
  readonly read: (buffer: Buffer, at: number) => Promise<void>;
};
