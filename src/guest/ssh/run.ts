import { randomUUID } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import { runProgram, type Input, type RunOptions } from '../../base/program.ts';
import type { OnLines } from '../types.ts';
import { bytesBehind, linesBehind } from './begin-mark.ts';
import { sshArgs, sshHost } from './options.ts';
import { remoteInput, remoteLine } from './remote-command.ts';

/** How a command ended: by its own exit code, or by one that may as well be that of ssh. */
export type RemoteEnd = { readonly exitCode: number; readonly isOwn: boolean };

type Heard = {
  readonly onLines: OnLines;
  readonly onBytes?: RunOptions['onBytes'] | undefined;
  readonly input?: Input | undefined;
};

// Without its master ssh would open a connection of its own, which is not watched.
export const overMaster = [...sshArgs, '-q', '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'];

/** What the guest prints when a command itself ended with 255, as ssh does for failures of its own. */
export const makeMarker = () => {
  const marker = `imaged-${randomUUID()}`;
  let isSeen = false;
  return {
    marker,
    isSeen: () => isSeen,
    /** The lines without the marker, which may stand behind a last line without end. */
    without: (lines: readonly string[]): readonly string[] => {
      if (!lines.some((line) => line.endsWith(marker))) return lines;
      isSeen = true;
      return lines
        .filter((line) => line !== marker)
        .map((line) => (line.endsWith(marker) ? line.slice(0, -marker.length) : line));
    },
  };
};

type Behind = { readonly hasCome: () => boolean; readonly said: () => readonly string[] };

/**
 * Where the command was never begun, the end is that of the guest's login shell, whatever its exit code: the account may not log in, say.
 * What it printed explains it.
 */
const throwUnlessBegun = async (
  behind: readonly Behind[],
  { exitCode, isOwn }: RemoteEnd,
  onLines: OnLines,
): Promise<void> => {
  if (behind.some(({ hasCome }) => hasCome())) return;
  const said = behind.flatMap((one) => one.said());
  if (said.length > 0) await onLines(said, 'stderr');
  if (isOwn) throw notBegun(exitCode, said);
};

/** The guest's login shell ended by itself, without having run what it was sent. */
export const notBegun = (exitCode: number, said: readonly string[]): Fault => {
  const last = said.findLast((line) => line.trim() !== '') ?? 'it did not say why';
  return new Fault(
    'provisioner_failed',
    `The guest's login shell ended with exit code ${exitCode} and did not run what it was sent: ${last}\nLook at the shell of the login, and at ForceCommand in the guest's sshd_config(5).`,
    { exitCode, output: said.join('\n'), expected: 'a login shell that runs `exec sh`', saw: last },
  );
};

/**
 * Runs a command that is sent before its input; its two streams stay apart. Throws `provisioner_failed` where the guest's login shell
 * did not run it.
 */
export const runPlainly = async (
  folder: string,
  command: string,
  { onLines, onBytes, input }: Heard,
  signal: AbortSignal,
): Promise<RemoteEnd> => {
  const { marker, isSeen, without } = makeMarker();
  const [asLines, asBytes] = [linesBehind(marker), bytesBehind(marker)];
  const { exitCode } = await runProgram('ssh', [...overMaster, '-T', sshHost, remoteLine], {
    cwd: folder,
    signal,
    accept: 'any',
    input: remoteInput(marker, command, input),
    onLines: (lines, stream) => {
      const said = stream === 'stderr' ? without(lines) : asLines.take(lines);
      if (said.length > 0) return onLines(said, stream);
    },
    ...(onBytes === undefined
      ? {}
      : {
          onBytes: (bytes) => {
            const own = asBytes.take(bytes);
            if (own.length > 0) return onBytes(own);
          },
        }),
  });
  const end = { exitCode, isOwn: exitCode !== 255 || isSeen() };
  await throwUnlessBegun([asLines, asBytes], end, onLines);
  return end;
};

const store = 'umask 077; f=$(mktemp /tmp/imaged.XXXXXXXXXX) && cat >"$f" && echo "$f"';

// A terminal echoes what comes, so the command does not come by it: it lies in a file, which goes with it.
const runStored = `echo "$1:"; sh "$0"; s=$?; rm -f "$0"; [ $s -ne 255 ] || echo "$1"; exit $s`;

/** Runs a command on a terminal of its own (ssh -t), by a file of the guest. Its streams are one there. */
export const runOnTerminal = async (
  folder: string,
  command: string,
  { onLines }: Heard,
  signal: AbortSignal,
): Promise<RemoteEnd> => {
  const said: string[] = [];
  const keep: OnLines = (lines) => void said.push(...lines.slice(0, 20));
  const stored = await runPlainly(folder, store, { onLines: keep, input: command }, signal);
  if (!stored.isOwn) return stored;
  const file = said.find((line) => /^\/tmp\/imaged\.\w{10}$/.test(line));
  if (stored.exitCode !== 0 || file === undefined)
    throw new Fault(
      'provisioner_failed',
      `The guest has no place for a command below /tmp: ${said.at(-1) ?? 'it did not say why'}`,
      { exitCode: stored.exitCode, output: said.join('\n') },
    );
  const { marker, isSeen, without } = makeMarker();
  const behind = linesBehind(marker);
  const line = `exec sh -c '${runStored}' ${file} ${marker}`;
  const { exitCode } = await runProgram('ssh', [...overMaster, '-t', '-t', sshHost, line], {
    cwd: folder,
    signal,
    accept: 'any',
    onLines: (lines, stream) => {
      const own = without(stream === 'stdout' ? behind.take(lines) : lines);
      if (own.length > 0) return onLines(own, stream);
    },
  });
  const end = { exitCode, isOwn: exitCode !== 255 || isSeen() };
  await throwUnlessBegun([behind], end, onLines);
  return end;
};
