import { PassThrough } from 'node:stream';
import { runProgram } from '../../base/program.ts';
import { deferred } from '../../base/waiting.ts';
import type { Guest } from '../types.ts';
import { sshHost } from './options.ts';
import { beginOf, bytesBehind } from './begin-mark.ts';
import { untilMark } from './own-output.ts';
import { makeMarker, notBegun, overMaster, type RemoteEnd } from './run.ts';

type Heard = Parameters<Guest['runOwn']>[1];

/** A shell of the guest that runs imaged's own scripts, one after the other. Disposing it waits until it has gone. */
type OwnShell = AsyncDisposable & {
  /** Rejects with the signal's reason, or with what a listener threw; then the shell has gone. */
  readonly run: (script: string | Uint8Array, heard: Heard, signal: AbortSignal) => Promise<RemoteEnd>;
  readonly hasGone: () => boolean;
};

/** It reads a script as a whole before it runs any of it. Only one that is to be answered may read what comes behind. */
export const ownInput = (script: string | Uint8Array, marker: string, input: 'answered' | 'none'): Uint8Array =>
  Buffer.concat([
    Buffer.from(`{ echo ${beginOf(marker)}; (\n`),
    Buffer.from(script),
    Buffer.from(`\n)${input === 'answered' ? '' : ' </dev/null'}; echo "${marker} $?"; echo ${marker} >&2; }\n`),
  ]);

/** What the guest's login shell is given: sh(1) reads what it is to do from its input, and no list of processes has it. */
export const ownLine = 'exec sh';

type Listening = {
  readonly onBytes: (bytes: Uint8Array) => Promise<void> | void;
  readonly onLines: (lines: readonly string[]) => Promise<void> | void;
};

// Of a shell that runs nothing: what a command has left behind may print the rest of a line. A guest that goes on without end must
// cost nothing.
const mostIdleBytes = 64 * 1024;

/** Counts what comes while no script runs. */
const unheard = (onTooMuch: () => void): Listening => {
  let bytes = 0;
  const count = (more: number) => {
    bytes += more;
    if (bytes > mostIdleBytes) onTooMuch();
  };
  return {
    onBytes: ({ length }) => count(length),
    onLines: (lines) => lines.forEach(({ length }) => count(length + 1)),
  };
};

const open = (folder: string): OwnShell => {
  const input = new PassThrough();
  const life = new AbortController();
  let isGone = false;
  let hasRun = false;
  const nobody = unheard(() => {
    isGone = true;
    life.abort(new Error('A shell that runs nothing prints without end'));
  });
  let listening = nobody;
  const gone = runProgram('ssh', [...overMaster, '-T', sshHost, ownLine], {
    ...{ cwd: folder, signal: life.signal, accept: 'any', input },
    onBytes: (bytes) => listening.onBytes(bytes),
    onLines: (lines) => listening.onLines(lines),
  }).then(({ exitCode }): RemoteEnd => ({ exitCode, isOwn: false }));
  const forget = () => {
    isGone = true;
  };
  gone.then(forget, forget);
  return {
    hasGone: () => isGone,
    run: async (script, { onLines, onBytes, answer }, signal) => {
      const { marker, isSeen, without } = makeMarker();
      const exitCode = deferred<number>();
      const saidAll = deferred<void>();
      const behind = bytesBehind(marker);
      const take = untilMark(marker, { onLines, onBytes }, exitCode.resolve);
      listening = {
        onBytes: (bytes) => take(behind.take(bytes)),
        onLines: async (lines) => {
          const said = without(lines);
          if (said.length > 0) await onLines(said, 'stderr');
          if (isSeen()) saidAll.resolve();
        },
      };
      const giveUp = () => life.abort(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        signal.throwIfAborted();
        input.write(ownInput(script, marker, answer === undefined ? 'none' : 'answered'));
        void answer?.then((text) => input.write(text));
        const ended = Promise.all([exitCode.promise, saidAll.promise]);
        const end = await Promise.race([ended.then(([code]) => ({ exitCode: code, isOwn: true })), gone]);
        if (behind.said().length > 0) await onLines(behind.said(), 'stderr');
        // It ended before its first script: a login shell that runs nothing, as this is no code of ssh's own.
        if (!end.isOwn && !hasRun && !behind.hasCome() && end.exitCode !== 255)
          throw notBegun(end.exitCode, behind.said());
        hasRun = true;
        return end;
      } finally {
        signal.removeEventListener('abort', giveUp);
        listening = nobody;
      }
    },
    async [Symbol.asyncDispose]() {
      input.end();
      await gone.catch(() => undefined);
    },
  };
};

/** Shells of one guest, of which one at most waits for the next script: a server may allow few sessions at once. */
export type OwnShells = {
  /**
   * Runs a script in the shell that waits, else in a new one: to begin a session takes a guest under emulation 100 ms, and a fork
   * of that shell 6.
   */
  readonly run: OwnShell['run'];
  /** Has the one that waits go, and returns when it has gone. */
  readonly rest: () => Promise<void>;
};

export const ownShells = (folder: string): OwnShells => {
  let idle: OwnShell | undefined;
  const rest = async () => {
    const one = idle;
    idle = undefined;
    await one?.[Symbol.asyncDispose]();
  };
  return {
    rest,
    run: async (script, heard, signal) => {
      const shell = idle === undefined || idle.hasGone() ? open(folder) : idle;
      idle = undefined;
      const end = await shell.run(script, heard, signal);
      if (!end.isOwn) return end;
      await rest();
      idle = shell;
      return end;
    },
  };
};
