import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { orAborted, retry, deferred } from '../../base/waiting.ts';
import { attachCu, tildeDoubler, type Attached } from './cu-attach.ts';
import { lineClosed } from '../serial-line.ts';
import type { Detachable, SerialLine } from '../types.ts';
import { consoleArgv } from './argv.ts';

/** The serial line of a machine of vmd's: cu(1) on its tty, attached again when it dies and the machine lives. */
export type CuLine = SerialLine &
  AsyncDisposable & {
    /** The last that came, at most 4 KiB. */
    readonly tail: () => string;
    /** The machine has gone: what has come is still given to the reader, and then the line ends. */
    readonly end: () => void;
    /** Resolves when the reader has come to the end, or when there is no reader. */
    readonly ended: Promise<void>;
    readonly detachable: Detachable;
  };

export type CuOptions = {
  readonly vmctl: string;
  readonly name: string;
  readonly clock: Clock;
  /** Told whenever cu has ended: the machine may have gone, or cu was killed. */
  readonly onDetached: () => void;
};

const mostTail = 4 * 1024;

// A machine that is about to go has no console any more: nobody is in a hurry to hear that again and again.
const untilAttached = { attempts: Infinity, firstMs: 100, growth: 1.7, mostMs: 10_000 };

const isBusy = (said: string): boolean => /busy/i.test(said);

/** Throws `console_lent` while another program is attached, `console_closed` when it could not be attached. */
const attachAgain = async ({ vmctl, name, clock }: CuOptions, signal: AbortSignal): Promise<Attached> => {
  const found = await attachCu(vmctl, consoleArgv(name), clock, signal);
  if ('pty' in found) return found;
  const why = found.said.trim().replaceAll(/\s*\n\s*/g, '; ');
  throw isBusy(why)
    ? new Fault('console_lent', `Another program holds the console of ${name}: ${why}.`)
    : new Fault('console_closed', `The console of ${name} could not be attached: ${why || 'vmctl said nothing'}.`);
};

/** Takes over a cu that has attached. Reading it is what keeps the machine's words from being lost (vmd(8), tty). */
// One closure, though long: reading, writing and detaching are all about the one cu that is attached now.
export const cuLine = (first: Attached, options: CuOptions): CuLine => {
  const { name, clock, onDetached } = options;
  const gone = new AbortController();
  const ended = deferred<void>();
  let isRead = false;
  let tail = Buffer.alloc(0);
  let detached: { readonly attached: ReturnType<typeof deferred<Attached>> } | undefined;

  /** One cu after the other, each with its own idea of where a line begins. */
  const use = (attached: Attached) => {
    void attached.pty.exited.then(onDetached);
    return { attached, double: tildeDoubler() };
  };
  let current: ReturnType<typeof use> | undefined = use(first);
  let attachedAgain = deferred<void>();

  const remember = (bytes: Uint8Array) => {
    tail = Buffer.concat([tail, bytes]).subarray(-mostTail);
  };

  const attach = (signal: AbortSignal) => attachAgain(options, signal);

  /** Undefined when the machine has gone instead. */
  const again = async (): Promise<Attached | undefined> => {
    // An operator who asks for it while it is being attached again gets it.
    const once = () => (detached ? orAborted(detached.attached.promise, gone.signal) : attach(gone.signal));
    try {
      return await retry(once, untilAttached, (error) => error instanceof Fault, clock, gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return undefined;
      throw error;
    }
  };

  const read = async function* (): AsyncGenerator<Uint8Array, void> {
    isRead = true;
    try {
      for (;;) {
        const { attached } = current ?? {};
        if (attached === undefined) return;
        if (attached.early.byteLength > 0) {
          remember(attached.early);
          yield attached.early;
        }
        for (;;) {
          const next = await attached.bytes.next();
          if (next.done === true) break;
          remember(next.value);
          yield next.value;
        }
        current = undefined;
        const next = await again();
        if (next === undefined) return;
        detached = undefined;
        current = use(next);
        attachedAgain.resolve();
        attachedAgain = deferred();
      }
    } finally {
      ended.resolve();
    }
  };

  const letGo = async () => {
    await current?.attached.pty[Symbol.asyncDispose]();
  };
  const end = () => {
    gone.abort(lineClosed());
    // Nobody reads: then nothing is waited for.
    if (!isRead) ended.resolve();
  };

  return {
    bytes: read(),
    write: async (bytes) => {
      for (;;) {
        if (gone.signal.aborted) throw lineClosed();
        const using = current;
        if (using === undefined) {
          await orAborted(attachedAgain.promise, gone.signal);
          continue;
        }
        return using.attached.pty.write(using.double(bytes));
      }
    },
    tail: () => tail.toString('utf8'),
    end,
    ended: ended.promise,
    detachable: {
      command: ['vmctl', ...consoleArgv(name)],
      detach: async () => {
        detached ??= { attached: deferred() };
        await letGo();
      },
      attach: async (signal) => {
        if (detached === undefined) return;
        detached.attached.resolve(await attach(signal));
      },
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await letGo();
    },
  };
};
