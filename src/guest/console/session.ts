import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { deferred, orAborted } from '../../base/waiting.ts';
import type { GuestTerminal } from './terminal.ts';

/** A shell at its prompt that neither echoes nor prompts. One thing is asked of it at a time. */
export type ConsoleSession = {
  /**
   * Types lines for sh(1), and resolves with their exit code. What they print comes line by line. Rejects with
   * `ssh_broken` when the guest resets itself, `console_silent` when no answer comes in time.
   */
  readonly ask: (script: string, options: AskOptions, signal: AbortSignal) => Promise<number>;
  /** Logs in, and makes the shell ready. */
  readonly open: (signal: AbortSignal) => Promise<void>;
};

export type AskOptions = {
  readonly onLine?: (line: string) => void;
  /** Undefined: as long as the signal lets it. */
  readonly withinMs?: number;
};

// A guest under emulation that is busy with its own start may be slow to answer; two tries come behind the first.
const readyMs = 15_000;
const tries = 3;

/**
 * Each by itself: a shell that does not know one of these words gives up that line alone. The first is for those whose login
 * shell is another. Without echo and prompt, what comes is what commands print.
 */
const makeReady = [
  'exec /bin/sh',
  'set +o emacs',
  'set +o vi',
  'stty -echo',
  'PS1=; PS2=; unset ENV PROMPT_COMMAND; HISTFILE=; TERM=dumb',
].map((line) => `${line}\r`);

/** To the prompt again, of the same shell. */
const interrupt = ['\u0003', '\r'];

/** With programs of the base of OpenBSD, of busybox or of GNU, whichever is there. */
const tools = [
  'b() { command -v "$1" >/dev/null 2>&1; }',
  'if b base64; then dec() { base64 -d; }; enc() { base64; }; else dec() { openssl base64 -d; }; enc() { openssl base64; }; fi',
  'if b sha256sum; then dig() { sha256sum "$1"; }; elif b sha256; then dig() { sha256 -q "$1"; }',
  'else dig() { openssl dgst -sha256 "$1"; }; fi',
  // In memory where there is such a place; OpenBSD empties /tmp when it boots.
  'umask 077; for p in /dev/shm /run /tmp; do d=$(mktemp -d $p/imaged.XXXXXXXXXX 2>/dev/null) && break; done; [ -d "$d" ]',
].join('\n');

const broken = () =>
  new Fault('ssh_broken', 'The guest reset itself before the command on its console had ended.', {
    expected: 'the end of the command',
    saw: 'a reset of the guest',
  });

// One closure, though long: what it does shares the shell's state.
export const makeSession = (terminal: GuestTerminal, clock: Clock): ConsoleSession => {
  let state: 'ready' | 'interrupted' | 'lost' = 'lost';
  let last: Promise<unknown> = Promise.resolve();
  let lose = deferred<never>();
  lose.promise.catch(() => undefined);
  terminal.onReset(() => {
    state = 'lost';
    lose.reject(broken());
  });

  const askNow = async (script: string, { onLine, withinMs }: AskOptions, signal: AbortSignal): Promise<number> => {
    const nonce = randomUUID().slice(0, 8);
    const ended = deferred<number>();
    let isBegun = false;
    // A line end stands in front of the last line, lest it come behind what was printed without one.
    let held: string | undefined;
    using _reading = terminal.follow((line) => {
      const end = new RegExp(`imaged-${nonce}-end (\\d{1,3})\\b`).exec(line)?.[1];
      if (end !== undefined) {
        if (held !== undefined && held !== '') onLine?.(held);
        ended.resolve(Number(end));
      } else if (isBegun) {
        if (held !== undefined) onLine?.(held);
        held = line;
      } else isBegun = line.includes(`imaged-${nonce}-begin`);
    });
    void _reading;
    // What is typed never holds the marks themselves, so an echo is no answer. A shell that began late prompts again.
    const typed = `PS1= PS2=; m=imaged-${nonce}; echo "$m-begin"\n${script}\nprintf '\\n%s-end %s\\n' "$m" "$?"\n`;
    const silent = () =>
      new Fault('console_silent', 'The shell on the console did not answer.', {
        expected: 'the end of what was typed',
        saw: 'no answer',
        withinMs: withinMs ?? 0,
      });
    using deadline = withinMs === undefined ? undefined : clock.deadline(withinMs, signal, silent);
    const until = deadline?.signal ?? signal;
    try {
      await terminal.type(typed.replaceAll('\n', '\r'), until);
      return await orAborted(Promise.race([ended.promise, lose.promise]), until);
    } catch (error) {
      if (until.aborted && state === 'ready') state = 'interrupted';
      throw error;
    }
  };

  const settle = async (lines: readonly string[], script: string, signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; ; attempt++)
      try {
        for (const line of lines) await terminal.type(line, signal);
        if ((await askNow(script, { withinMs: readyMs }, signal)) === 0) return;
        throw new Fault('console_refused', 'The shell on the console has no folder below /tmp for imaged.', {});
      } catch (error) {
        if (attempt === tries || !(error instanceof Fault) || error.code !== 'console_silent') throw error;
        await terminal.type('\u0003', signal);
      }
  };

  const inTurn = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const mine = orAborted(last, signal).then(work);
    last = mine.catch(() => undefined);
    return mine;
  };

  return {
    ask: (script, options, signal) =>
      inTurn(async () => {
        if (state === 'lost') throw broken();
        if (state === 'interrupted') {
          await settle(interrupt, ':', signal);
          state = 'ready';
        }
        return askNow(script, options, signal);
      }, signal),
    open: (signal) =>
      inTurn(async () => {
        lose = deferred<never>();
        lose.promise.catch(() => undefined);
        await terminal.logIn(signal);
        await settle(makeReady, tools, signal);
        state = 'ready';
      }, signal),
  };
};
