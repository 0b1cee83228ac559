/** The serial line of a guest, as what runs commands over it wants it. */
export type GuestTerminal = {
  /** Types text as it is. */
  readonly type: (text: string, signal: AbortSignal) => Promise<void>;
  /** Tells each whole line that comes from now on, with its secrets and without line ends, until it is disposed of. */
  readonly follow: (onLine: (line: string) => void) => Disposable;
  /** Holds the conversation that ends at the prompt of a shell. */
  readonly logIn: (signal: AbortSignal) => Promise<void>;
  /** Nothing that comes is written into the transcript, until what this gives is called. */
  readonly conceal: () => () => void;
  /** Calls back whenever the guest has reset itself: the login is gone then. */
  readonly onReset: (seen: () => void) => void;
};
