import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../base/clock.ts';
import type { Bound } from '../../base/bounded-file.ts';
import { asFault, Fault } from '../../base/fault.ts';
import type { Growth } from '../../base/growth.ts';
import { orAborted, deferred } from '../../base/waiting.ts';
import type { Console, ConsoleEvent } from './types.ts';
import type { SerialLine } from '../types.ts';
import { converse } from './converse.ts';
import type { WatchedDisplay } from './display.ts';
import { makeFollowing } from './follow.ts';
import { kernelPanics, watchPanics } from './panic.ts';
import { plain } from '../../base/machine/plain.ts';
import type { Partner, SeenText } from './partner.ts';
import type { ConsolePlace, TurnPlace } from './place.ts';
import { makeScreen } from './screen.ts';
import { keepSecrets } from './secrets.ts';
import { openTranscript } from './transcript.ts';
import { patientTyping } from './type.ts';
import type { Typing } from './type.ts';
import { makeWindow } from './window.ts';

export type ConsoleOptions = {
  readonly line: SerialLine;
  /** Path of the file that everything is appended to, within its bound; `growth` is told of it. */
  readonly transcript: string;
  readonly bound: Bound;
  /** Values that the file must not show, in each of the forms in which they may come. */
  readonly sensitive?: readonly string[];
  readonly growth: Growth;
  readonly clock: Clock;
  readonly onEvent: (event: ConsoleEvent) => void;
  /** Lines that mean the end of the guest. Default: what the kernels of Linux and the BSDs print. */
  readonly panics?: readonly RegExp[];
  readonly typing?: Typing;
  /** Whether it is read as a screen, too: what its turns that look at one need. */
  readonly keepsScreen?: boolean;
  /** The machine's own display, where it has one. */
  readonly display?: WatchedDisplay | undefined;
  /** An earlier daemon has read the line up to there; the line begins with its first byte again. */
  readonly from?: ConsolePlace | undefined;
  /** Writes down how far the console has come. Default: it is not written down. */
  readonly keep?: (place: ConsolePlace) => Promise<void>;
};

/** Bytes are decoded this many at a time, however many a line brings at once. */
const mostAtOnce = 64 * 1024;

const piecesOf = function* (bytes: Uint8Array) {
  for (let at = 0; at < bytes.byteLength; at += mostAtOnce) yield bytes.subarray(at, at + mostAtOnce);
};

/** One at a time, in the order of asking. */
const makeQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  return (work: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    const mine = orAborted(last, signal).then(work);
    last = Promise.allSettled([last, mine]);
    return mine;
  };
};

/**
 * Opens a console over a line and reads the line until it ends, whether or not anybody converses: what comes goes to the
 * transcript as its bound has it, a slow disk slows the line, and the last 64 Ki characters are kept for whoever listens next. Throws
 * `storage_full` and the errors of the file system when the transcript cannot be opened.
 */
// One function, though long: it wires the parts of a console, each of which has a file of its own.
export const openConsole = async (options: ConsoleOptions): Promise<Console> => {
  const { line, clock, growth, onEvent, panics = kernelPanics, typing = patientTyping } = options;
  const { bound, sensitive = [], keepsScreen = false, display, from } = options;
  const screen = keepsScreen ? await makeScreen() : undefined;
  const onShown = (bytes: Uint8Array) => screen?.take(bytes);
  const transcript = await openTranscript(options.transcript, {
    growth,
    clock,
    bound,
    sensitive,
    onShown,
    from: from?.transcript,
  }).catch((error: unknown) => {
    throw asFault(error);
  });
  const stop = new AbortController();
  const window = makeWindow();
  const secrets = keepSecrets(window, (text) => {
    transcript.hide(text);
    display?.hide(text);
  });
  const panicked = deferred<never>();
  const drained = deferred<void>();
  const failed = deferred<never>();
  const alone = makeQueue();
  const place = { now: from?.heard ?? 0 };
  let resumed = from?.turn;
  // What the conversation is to hear yet must be there when it goes on.
  if (resumed) window.holdFrom(place.now);
  const keep = async (turn: TurnPlace | undefined) => {
    await options.keep?.({
      transcript: await transcript.mark(),
      heard: place.now,
      ...(turn === undefined ? {} : { turn }),
    });
  };
  const awaiting: Partner['awaiting'] = { now: undefined, since: undefined };
  let ending = new Fault('console_closed', 'The serial line closed. See how the machine ended.');

  const tail = () => secrets.show(Math.max(window.start(), window.end() - mostAtOnce / 4));
  const seen = (): SeenText => {
    const consoleTail = tail();
    const shown = display === undefined ? screen?.text() : display.text() || undefined;
    const shows = shown && secrets.mask(shown);
    return { consoleTail, ...(shows === undefined || consoleTail.endsWith(shows) ? {} : { screen: shows }) };
  };
  const following = makeFollowing(secrets.mask);
  const watch = watchPanics(panics, (text) => plain(text).text, secrets.isOurs);
  const lookForPanic = (text: string) => {
    const found = watch.look(text);
    if (found === undefined) return;
    const saw = secrets.mask(found);
    const facts = { saw, ...seen() };
    panicked.reject(new Fault('guest_panicked', `The kernel of the guest panicked: ${saw}`, facts));
  };
  const take = (text: string) => {
    window.append(text);
    following.take(text);
    // An earlier daemon has looked at the rest.
    const unseen = window.end() - (from?.heard ?? 0);
    if (unseen > 0) lookForPanic(text.slice(-unseen));
  };
  // A line that closes under a write does not know what it last said.
  const write = (bytes: Uint8Array, signal: AbortSignal) => {
    transcript.pass();
    return orAborted(line.write(bytes), signal).catch((cause: unknown) => {
      if (!(cause instanceof Fault && cause.code === 'console_closed')) throw cause;
      throw new Fault(cause.code, cause.message, { ...cause.facts, ...seen() }, { cause });
    });
  };
  const readAll = async () => {
    // Not TextDecoder, which makes strings of twice the size and is slower.
    const decoder = new StringDecoder('utf8');
    const reader = line.bytes[Symbol.asyncIterator]();
    // A line that is not read to its end lets go of what it reads from.
    stop.signal.addEventListener('abort', () => void reader.return?.().catch(() => undefined), { once: true });
    for (;;) {
      const next = await orAborted(reader.next(), stop.signal);
      if (next.done === true) break;
      for (const bytes of piecesOf(next.value)) {
        // The disk and the listeners work side by side; the line waits for both.
        const onFile = transcript.append(bytes);
        take(decoder.write(bytes));
        await onFile;
        await window.room(stop.signal);
        await screen?.room(stop.signal);
      }
    }
    take(decoder.end());
    // The last line has no end, and is one all the same.
    lookForPanic('\n');
    await transcript.flush();
  };
  transcript.failed.catch((error: unknown) => {
    const fault = asFault(error);
    failed.reject(fault);
    stop.abort(fault);
  });
  if (from === undefined) await options.keep?.({ transcript: await transcript.mark(), heard: 0 });
  const reading = readAll()
    .then(
      () => drained.resolve(),
      (error: unknown) => {
        ending = asFault(error);
        drained.reject(ending);
      },
    )
    .then(() => window.close());

  return {
    converse: (turns, signal) => {
      const at = resumed;
      resumed = undefined;
      return converse(
        {
          keep: options.keep === undefined ? () => Promise.resolve() : keep,
          ...secrets,
          window,
          clock,
          typing,
          onEvent,
          screen,
          display,
          seen,
          place,
          awaiting,
          ending: () => ending,
          write: (text) => write(Buffer.from(text), signal),
          alone: (work) => alone(work, signal),
          conceal: transcript.conceal,
        },
        turns,
        signal,
        at,
      );
    },
    type: (bytes, signal) => alone(() => write(bytes, signal), signal),
    panicked: panicked.promise,
    drained: drained.promise,
    failed: failed.promise,
    awaiting: () => awaiting.now,
    waiting: () => {
      const { now, since } = awaiting;
      return now === undefined || since === undefined ? undefined : { pattern: now, ms: clock.elapsed() - since };
    },
    tail,
    came: window.end,
    display: () => display && secrets.mask(display.text()),
    follow: following.follow,
    conceal: transcript.conceal,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Fault('console_closed', 'The console was let go before its line ended.'));
      await reading;
      await transcript[Symbol.asyncDispose]();
      screen?.[Symbol.dispose]();
    },
  };
};
