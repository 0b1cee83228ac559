import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Ids } from '../../base/ids.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import type { Guest, OnLines } from '../types.ts';
import { readFrames, type Frame } from './frames.ts';
import { cannot, followText, startText } from './guest-side.ts';
import type { ScriptPlace, KeptScripts } from './place.ts';

type Tools = {
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'id'>;
  readonly onLines: OnLines;
  readonly keep: KeptScripts['keep'];
};

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

const isBroken = (error: unknown): boolean => error instanceof Fault && error.code === 'ssh_broken';

/** Reads on until the connection breaks, or the command has ended or gone. */
const follow = async (
  guest: Guest,
  at: { place: ScriptPlace },
  { ids, onLines, keep }: Tools,
  signal: AbortSignal,
): Promise<Exclude<Frame, { is: 'piece' }>> => {
  for (;;) {
    const frames = readFrames();
    let last: Exclude<Frame, { is: 'piece' }> | undefined;
    const onBytes = async (bytes: Uint8Array) => {
      for (const frame of frames(bytes)) {
        if (frame.is !== 'piece') last = frame;
        else {
          at.place = await take(at.place, frame, onLines);
          await keep(at.place);
        }
      }
    };
    const text = followText(folderOf(at.place.stem), ids.id().toLowerCase(), at.place);
    await guest.run(text, { onLines: quietly, onBytes }, signal);
    if (last !== undefined && last.is !== 'more') return last;
  }
};

/** The same over as many connections as it takes. Throws `ssh_broken` where the guest does not come back, or without it. */
const followThrough = async (guest: Guest, at: { place: ScriptPlace }, tools: Tools, signal: AbortSignal) => {
  for (;;) {
    try {
      return await follow(guest, at, tools, signal);
    } catch (error) {
      if (!isBroken(error)) throw error;
      using patience = tools.clock.deadline(mostMsToReconnect, signal, () => error);
      await guest.reconnect(patience.signal).catch(() => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }
};

/**
 * Runs the command in the guest so that it goes on when the connection breaks, or this daemon ends, and reads what it prints.
 * `from`: an earlier daemon was there. Undefined: the guest lacks what it takes, and nothing was run. Throws `ssh_broken` when
 * the guest comes back without it.
 */
export const runOutliving = async (
  guest: Guest,
  command: string,
  from: ScriptPlace,
  tools: Tools,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number; readonly place: ScriptPlace } | undefined> => {
  const { onLines, keep } = tools;
  const folder = folderOf(from.stem);
  const start = async () => {
    const input = Buffer.from(command);
    return (await guest.run(startText(folder, input.byteLength), { onLines: quietly, input }, signal)).exitCode;
  };
  const at = { place: from };
  if (!from.isBegun) {
    await keep(from);
    const exitCode = await start();
    if (exitCode === cannot) {
      await keep(undefined);
      return undefined;
    }
    at.place = { ...from, isBegun: true };
    await keep(at.place);
  }
  const end = await followThrough(guest, at, tools, signal);
  if (end.is !== 'ended') {
    const message = 'The connection to the guest broke, and when it was back, the command was not running any more';
    throw new Fault('ssh_broken', message, { expected: 'the end of the command', saw: `a guest without ${folder}` });
  }
  for (const [rest, stream] of [
    [at.place.outRest, 'stdout'],
    [at.place.errRest, 'stderr'],
  ] as const)
    if (rest !== '') await onLines([Buffer.from(rest, 'base64').toString('utf8')], stream);
  const place = { ...at.place, outRest: '', errRest: '', exitCode: end.exitCode };
  await keep(place);
  return { exitCode: end.exitCode, place };
};

/** Whether an earlier daemon's command was started; where nothing says so, the guest does. */
export const wasBegun = async (guest: Guest, { stem, isBegun }: ScriptPlace, signal: AbortSignal): Promise<boolean> => {
  if (isBegun) return true;
  const pid = shellQuoted(`${folderOf(stem)}/pid`);
  const { exitCode } = await guest.run(`[ -s ${pid} ]`, { onLines: quietly }, signal);
  return exitCode === 0;
};
