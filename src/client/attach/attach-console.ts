/**
 * A terminal that is tied to the console of a build:
 *
 *   attached ── the daemon stops, or the line breaks ──▶ away ── opened again behind what came ──▶ attached
 *      │ └─ ~. left; closed for another reason            └─ ~. left; the build takes no keys any more; ten minutes
 */

import { cleanupStack, type CleanupStack } from '../../base/cleanup.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { Api } from '../api/api.ts';
import { textLength } from '../api/follow.ts';
import { patience } from '../api/patience.ts';
import { help, makeEscapes } from './escapes.ts';
import { runConnection, type Closed } from './one-connection.ts';
import { openConsole, reopenConsole } from './reopen.ts';
import { note, rawMode, type LocalTerminal } from './terminal.ts';

export type AttachAsk = {
  readonly api: Api;
  /** A build that is held or at a breakpoint. */
  readonly id: string;
  /** Called once it is attached, before the terminal is raw. */
  readonly attached?: () => void;
  readonly clock?: Clock;
};

/** How it ended: the person left, or the daemon closed, with the code and the reason that the contract tells of. */
export type DetachedByKeys = { readonly how: 'left' } | ({ readonly how: 'closed' } & Closed);

/** The daemon stops; the connection broke; the daemon heard nothing, as of a computer that slept. */
const comesBack = [1001, 1006, 4003];

/** Why a person's own connection ends. */
const leaving = new Error('The person leaves the console');

/** Gives keys to what takes them now, until the cleanup stack goes; calls `end` when the person wants to leave, or the terminal breaks. */
const listen = (terminal: LocalTerminal, cleanup: CleanupStack, end: (why: unknown) => void) => {
  const { input, output } = terminal;
  const escapes = makeEscapes();
  let send: ((keys: Buffer) => void) | undefined;
  let isTold = false;
  const lose = () => {
    if (!isTold) note(terminal, 'That was not typed: there is no connection to the daemon just now.');
    isTold = true;
  };
  const leave = () => end(leaving);
  const type = (bytes: Uint8Array) => {
    const typed = escapes(bytes);
    if (typed.keys.length > 0) (send ?? lose)(typed.keys);
    for (const escape of typed.escapes) {
      if (escape === 'leave') leave();
      else for (const line of help) note(terminal, line);
    }
  };
  input.on('data', type).on('end', leave).on('error', end);
  output.on('error', end);
  cleanup.defer(() => {
    input.off('data', type).off('end', leave).off('error', end);
    output.off('error', end);
  });
  return (next: typeof send) => {
    send = next;
    isTold = false;
  };
};

/**
 * Ties a terminal to the console of a build until the person types `~.` at the beginning of a line, or the daemon closes
 * it; the terminal is then as it was, however it ends. What the guest says reaches the terminal as it is, escape sequences and
 * all, and each byte once, also over restarts of the daemon. Throws a ClientError, or the signal's reason.
 */
export const attachConsole = async (
  { api, id, attached = () => undefined, clock = systemClock }: AttachAsk,
  terminal: LocalTerminal,
  signal: AbortSignal,
): Promise<DetachedByKeys> => {
  const own = new AbortController();
  const until = AbortSignal.any([signal, own.signal]);
  const build = { api, id, patience: patience(until, () => undefined) };
  let offset = await textLength({ ...build, signal }, 'console');
  let socket = await openConsole(build, offset, signal);
  attached();
  const came = (bytes: number) => {
    offset += bytes;
  };
  const waits = (status: string) =>
    note(terminal, `The build is ${status} and takes no keys yet: they are waited for. ~. leaves.`);
  await using cleanup = cleanupStack();
  cleanup.keep(rawMode(terminal));
  const keysTo = listen(terminal, cleanup, (why) => own.abort(why));
  try {
    for (;;) {
      const closed = await runConnection(socket, { terminal, came, keysTo, clock }, until);
      if (!comesBack.includes(closed.code)) return { how: 'closed', ...closed };
      note(terminal, 'The connection to the daemon is lost. It is tried again for ten minutes; ~. leaves.');
      socket = await reopenConsole(build, offset, waits, until);
      note(terminal, 'Attached again.');
    }
  } catch (error) {
    if (error === leaving) return { how: 'left' };
    throw error;
  }
};
