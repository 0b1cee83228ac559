import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Ids } from '../../base/ids.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { deferred } from '../../base/waiting.ts';
import { keepLastLines } from '../last-lines.ts';
import { isBroken } from '../reboot.ts';
import type { Guest, OnLines } from '../types.ts';
import { readFrames, type Frame } from './frames.ts';
import { cannot, followText, mayRemove, notWritten, textBytes, type PutFile, type StartCommand } from './guest-side.ts';
import type { ScriptPlace, KeptScripts } from './place.ts';

type Tools = {
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'id'>;
  readonly onLines: OnLines;
  readonly keep: KeptScripts['keep'];
};

/** A script that is to run. */
export type Outliving = {
  readonly command: StartCommand;
  /** What is put into the guest with it; all of `files` that is not there already. */
  readonly put: readonly PutFile[];
  /** What it has besides its folder, which goes with that when it has ended. */
  readonly files: readonly string[];
};

/** How it ended. `isRemoved`: nothing of it is left in the guest. */
export type OutlivingEnd = { readonly exitCode: number; readonly isRemoved: boolean };

/** The folder beside a script in which it runs. */
export const folderOf = (stem: string): string => `${stem}.d`;

const quietly = () => undefined;

// A network that hiccups is back within this time; a guest that reboots may be.
const mostMsToReconnect = 30_000;

// A line without end must not grow the heap.
const longestLine = 64 * 1024;

/** The lines that are whole, and what is left. */
const linesOf = (rest: string, bytes: Uint8Array): { readonly lines: readonly string[]; readonly rest: string } => {
  const all = Buffer.concat([Buffer.from(rest, 'base64'), bytes]);
  const end = all.byteLength > longestLine && !all.includes(10) ? all.byteLength : all.lastIndexOf(10) + 1;
  if (end === 0) return { lines: [], rest: all.toString('base64') };
  const whole = all.toString('utf8', 0, end);
  return { lines: whole.replace(/\n$/, '').split('\n'), rest: all.toString('base64', end) };
};

/** The place behind a piece, whose lines are told before. */
const take = async (
  place: ScriptPlace,
  { stream, bytes }: Extract<Frame, { is: 'piece' }>,
  onLines: OnLines,
): Promise<ScriptPlace> => {
  const isOut = stream === 'stdout';
  const { lines, rest } = linesOf(isOut ? place.outRest : place.errRest, bytes);
  if (lines.length > 0) await onLines(lines, stream);
  return isOut ? { ...place, out: place.out + 1, outRest: rest } : { ...place, err: place.err + 1, errRest: rest };
};

/** The place behind the end of the command; what it printed without the end of a line is told before. */
const takeEnd = async (place: ScriptPlace, exitCode: number, onLines: OnLines): Promise<ScriptPlace> => {
  for (const [rest, stream] of [
    [place.outRest, 'stdout'],
    [place.errRest, 'stderr'],
  ] as const)
    if (rest !== '') await onLines([Buffer.from(rest, 'base64').toString('utf8')], stream);
  return { ...place, outRest: '', errRest: '', exitCode };
};

const notPut = ({ put }: Outliving, said: readonly string[]): Fault =>
  new Fault(
    'provisioner_failed',
    `${put[0]?.name ?? 'The command'} could not be written${put[0] === undefined ? '' : ` to ${put[0].path}`} in the guest: ${said.at(-1) ?? 'it did not say why'}`,
    { exitCode: notWritten, file: put[0]?.name ?? '', output: said.join('\n') },
  );

/** Where it is read, and whether it was read over more than one connection. */
type At = { place: ScriptPlace; isAgain: boolean };

/** What became of one reader of the command. */
type Read = OutlivingEnd | 'gone' | 'more' | 'cannot';

/** Reads what the command prints until that is enough, or it has ended or gone. Starts it before, unless it was begun. */
const read = async (
  guest: Guest,
  at: At,
  script: Outliving,
  { ids, onLines, keep }: Tools,
  signal: AbortSignal,
): Promise<Read> => {
  const frames = readFrames();
  const said = keepLastLines();
  const answer = deferred<string>();
  let last: Frame | undefined;
  const takeFrame = async (frame: Frame) => {
    if (frame.is === 'begun') at.place = { ...at.place, isBegun: true };
    if (frame.is === 'piece') at.place = await take(at.place, frame, onLines);
    if (frame.is === 'ended') at.place = await takeEnd(at.place, frame.exitCode, onLines);
    if (frame.is !== 'piece') last = frame;
    if (frame.is === 'begun' || frame.is === 'piece' || frame.is === 'ended') await keep(at.place);
    if (frame.is === 'ended') answer.resolve(mayRemove);
  };
  const onBytes = async (bytes: Uint8Array) => {
    for (const frame of frames(bytes)) await takeFrame(frame);
  };
  const { command, put, files } = script;
  const { stem, isBegun, out, err } = at.place;
  const text = followText({
    ...{ folder: folderOf(stem), id: ids.id().toLowerCase(), read: { out, err }, files },
    ...(isBegun ? {} : { start: { command, files: put } }),
  });
  const options = { onLines: said.take, onBytes, answer: answer.promise };
  const { exitCode } = await guest.runOwn(textBytes(text), options, signal);
  if (last?.is === 'ended') return { exitCode: last.exitCode, isRemoved: exitCode === 0 };
  if (last === undefined && exitCode === cannot) return 'cannot';
  if (last === undefined && exitCode === notWritten) throw notPut(script, said.lines());
  return last?.is === 'gone' || last?.is === 'none' ? 'gone' : 'more';
};

/**
 * The same over as many connections as it takes once it has begun. Throws `ssh_broken` where the connection breaks before that, and
 * where the guest does not come back.
 */
const readThrough = async (guest: Guest, at: At, script: Outliving, tools: Tools, signal: AbortSignal) => {
  for (;;) {
    try {
      const came = await read(guest, at, script, tools, signal);
      if (came !== 'more') return came;
    } catch (error) {
      if (!isBroken(error)) throw error;
      const { exitCode, isBegun } = at.place;
      // Its end is known already.
      if (exitCode !== undefined) return { exitCode, isRemoved: false };
      if (!isBegun) throw error;
      at.isAgain = true;
      using patience = tools.clock.deadline(mostMsToReconnect, signal, () => error);
      await guest.reconnect(patience.signal).catch(() => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }
};

/**
 * Runs a script in the guest so that it goes on when the connection breaks, or this daemon ends, and reads what it prints.
 * `from`: an earlier daemon was there. Undefined: the guest lacks what it takes, and nothing was run. Throws `ssh_broken` when
 * the guest comes back without it, `provisioner_failed` when it cannot be put there.
 */
export const runOutliving = async (
  guest: Guest,
  script: Outliving,
  from: ScriptPlace,
  tools: Tools,
  signal: AbortSignal,
): Promise<OutlivingEnd | undefined> => {
  if (!from.isBegun) await tools.keep(from);
  const at = { place: from, isAgain: from.isBegun };
  const end = await readThrough(guest, at, script, tools, signal);
  if (end === 'cannot') {
    await tools.keep(undefined);
    return undefined;
  }
  if (end !== 'gone') return end;
  const message = at.isAgain
    ? 'The connection to the guest broke, and when it was back, the command was not running any more'
    : 'The command went without a word of how it ended: something in the guest killed the shell that ran it, as Linux does where memory is short';
  const saw = `a guest without ${folderOf(from.stem)}`;
  throw new Fault('ssh_broken', message, { expected: 'the end of the command', saw });
};

/** Whether an earlier daemon's command was started; where nothing says so, the guest does. */
export const wasBegun = async (guest: Guest, { stem, isBegun }: ScriptPlace, signal: AbortSignal): Promise<boolean> => {
  if (isBegun) return true;
  const pid = shellQuoted(`${folderOf(stem)}/pid`);
  const { exitCode } = await guest.run(
    `{ read -r p <${pid} && [ -n "$p" ]; } 2>/dev/null`,
    { onLines: quietly },
    signal,
  );
  return exitCode === 0;
};
