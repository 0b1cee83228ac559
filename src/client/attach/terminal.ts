import { spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { visible } from '../../base/text/visible.ts';

/** A terminal that a person sits at. `process.stdin` and `process.stdout` are one. */
export type LocalTerminal = {
  readonly input: Readable & {
    readonly setRawMode?: (raw: boolean) => unknown;
    readonly isRaw?: boolean;
    readonly fd?: number;
  };
  readonly output: Writable & { readonly columns?: number; readonly rows?: number };
};

/**
 * What a guest may have changed of a terminal, put right (ECMA-48, and xterm's private modes): colours off, the cursor
 * shown, the usual screen, no reports of the mouse, text that is pasted as it is.
 */
const usual = '\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b>';

/**
 * Node leaves the line ends of what is written to a raw terminal to the terminal, which begins a line where a guest only goes
 * down. What `stty` changes, Node puts right with the rest, also when it is killed. Without stty the difference stays.
 */
const showAsItIs = (fd: number | undefined): void => {
  if (fd !== undefined) spawnSync('stty', ['-opost'], { stdio: [fd, 'ignore', 'ignore'] });
};

/** Has every key come at once and unseen; disposing it makes the terminal what it was. */
export const rawMode = ({ input, output }: LocalTerminal): Disposable => {
  const before = input.isRaw ?? false;
  input.setRawMode?.(true);
  if (input.setRawMode !== undefined) showAsItIs(input.fd);
  return {
    [Symbol.dispose]: () => {
      input.setRawMode?.(before);
      if (output.writable) output.write(usual);
      // Else a process that is done would wait for the next key.
      input.pause();
    },
  };
};

/** Shows a line of ours among what the guest says. */
export const note = ({ output }: Pick<LocalTerminal, 'output'>, words: string): void =>
  void output.write(`\r\n[${visible(words)}]\r\n`);
