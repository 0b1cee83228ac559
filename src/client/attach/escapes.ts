/** What a person means by a key behind a tilde at the beginning of a line, as in cu(1). */
export type Escape = 'leave' | 'help';

export type EscapeTyped = {
  /** What goes to the guest. */
  readonly keys: Buffer;
  /** What is meant for us, in its order; nothing is taken behind `leave`. */
  readonly escapes: readonly Escape[];
};

const tilde = 0x7e;
const [dot, question] = [0x2e, 0x3f];
const lineEnds = [0x0d, 0x0a];

/**
 * Tells what is typed for the guest from what is not:
 *
 *   in a line ── CR, LF ──▶ at its beginning ── ~ ──▶ behind a tilde ── `.` leave, `?` help, `~` a tilde,
 *       ▲────── any other ──────────┘                     └──────────── any other: the tilde and it
 */
export const makeEscapes = (): ((bytes: Uint8Array) => EscapeTyped) => {
  let state: 'line' | 'beginning' | 'tilde' = 'beginning';
  const after = (byte: number) => (lineEnds.includes(byte) ? 'beginning' : 'line');
  return (bytes) => {
    const keys: number[] = [];
    const escapes: Escape[] = [];
    for (const byte of bytes) {
      if (state === 'beginning' && byte === tilde) {
        state = 'tilde';
        continue;
      }
      if (state === 'tilde' && (byte === dot || byte === question)) {
        escapes.push(byte === dot ? 'leave' : 'help');
        state = 'beginning';
        if (byte === dot) break;
        continue;
      }
      if (state === 'tilde' && byte !== tilde) keys.push(tilde);
      keys.push(byte);
      state = after(byte);
    }
    return { keys: Buffer.from(keys), escapes };
  };
};

/** What `~?` shows. */
export const help = ['~.  leave, and let the console be', '~~  a tilde', '~?  this'];
