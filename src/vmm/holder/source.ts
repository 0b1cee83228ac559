/** A serial line, as its holder has it. */
export type LineSource = {
  /** Ends when the line closes. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Types. Rejects when the line has closed. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Whether the guest waits while the line is not read; else what is not read is lost. */
  readonly canWait: boolean;
  /** Whether the machine is seen to have gone, though there is more to read. */
  readonly isOver: () => boolean;
  /** Lets go of the line. */
  readonly end: () => Promise<void>;
};
