import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { makeLogins } from '../logins.ts';
import { downloadBy } from '../ssh/download.ts';
import { uploadBy } from '../ssh/upload.ts';
import type { Guest, OnLines } from '../types.ts';
import { digestOf, sendTo } from './send.ts';
import { makeSession, type ConsoleSession } from './session.ts';
import type { GuestTerminal } from './terminal.ts';

/** Hands lines on in their order, and remembers the first that was refused. */
const inOrder = (onLines: OnLines, stream: 'stdout' | 'stderr') => {
  let handing: Promise<void> = Promise.resolve();
  return {
    take: (line: string): void => {
      handing = handing.then(() => onLines([line], stream));
      handing.catch(() => undefined);
    },
    done: () => handing,
  };
};

// What the kernel and other programs say on the console stands on lines of its own most of the time.
const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What the command prints comes as base64, one line of it after the other; what it says on stderr comes behind. */
const runForBytes = async (
  session: ConsoleSession,
  onBytes: (bytes: Uint8Array) => Promise<void> | void,
  onLines: OnLines,
  signal: AbortSignal,
): Promise<number> => {
  let handing: Promise<void> = Promise.resolve();
  // What is refused, such as more bytes than are taken, ends the command: the guest would go on for as long as it likes.
  const refused = new AbortController();
  const onLine = (line: string) => {
    if (!isBase64.test(line)) return;
    handing = handing.then(() => onBytes(Buffer.from(line, 'base64')));
    handing.catch((error: unknown) => refused.abort(error));
  };
  const until = AbortSignal.any([signal, refused.signal]);
  await session.ask('{ sh "$d/c" <"$d/i" 2>"$d/e"; echo $? >"$d/s"; } | enc', { onLine }, until);
  await handing;
  const said = inOrder(onLines, 'stderr');
  await session.ask('cat "$d/e"', { onLine: said.take }, signal);
  await said.done();
  return session.ask('(exit "$(cat "$d/s")")', {}, signal);
};

const runIn =
  (session: ConsoleSession, { conceal }: GuestTerminal): Guest['run'] =>
  async (command, { onLines, onBytes, input }, signal) => {
    await sendTo(session, 'c', command, signal);
    await sendTo(session, 'i', input ?? '', signal);
    if (onBytes !== undefined) {
      const reveal = conceal();
      try {
        return { exitCode: await runForBytes(session, onBytes, onLines, signal) };
      } finally {
        reveal();
      }
    }
    const said = inOrder(onLines, 'stdout');
    const exitCode = await session.ask('sh "$d/c" <"$d/i" 2>&1', { onLine: said.take }, signal);
    await said.done();
    return { exitCode };
  };

const downloads = 3;

const downloadIn =
  (session: ConsoleSession, run: Guest['run']): Guest['download'] =>
  async (place, to, signal) => {
    for (let attempt = 1; ; attempt++) {
      const result = await downloadBy(run)(place, to, signal);
      const came = createHash('sha256')
        .update(await readFile(to.file))
        .digest('hex');
      const sent = await digestOf(session, shellQuoted(place), signal);
      if (came === sent) return result;
      await rm(to.file, { force: true });
      // Something else was said on the console in the middle of it.
      if (attempt < downloads) continue;
      throw new Fault(
        'provisioner_failed',
        `${place} did not come over the console as it is in the guest, ${downloads} times.`,
        {
          ...{ file: place, expected: `the digest ${sent ?? 'of a file'}`, saw: came },
        },
      );
    }
  };

/**
 * A way into the guest over its console: the conversation logs in, and commands are typed into the shell that it ends at. One
 * runs at a time, both of its streams are one, and its input is there as a whole before it begins. Throws what the
 * conversation throws, and `console_silent` when the shell does not answer.
 */
export const connectConsole = async (
  terminal: GuestTerminal,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<Guest> => {
  const session = makeSession(terminal, clock);
  const logins = makeLogins(async (withinMs, until) => {
    const tooLate = () =>
      new Fault('console_silent', `The guest could not be logged in to on its console within ${withinMs / 1000} s.`, {
        expected: 'a login on the console',
        saw: 'no shell that answers',
        withinMs,
      });
    using deadline = clock.deadline(withinMs, until, tooLate);
    await session.open(deadline.signal);
  }, timeoutMs);
  await logins.again(signal);
  const runHere = runIn(session, terminal);
  const run: Guest['run'] = async (command, options, until) => {
    await logins.ready(until);
    return runHere(command, options, until);
  };
  return {
    run,
    runOwn: (script, options, signal) => run(Buffer.from(script).toString(), options, signal),
    upload: uploadBy(run),
    download: downloadIn(session, run),
    reconnect: logins.again,
    [Symbol.asyncDispose]: async () => undefined,
  };
};
