/**
 * The guest's side of a command that outlives its connection, for sh(1) with dd(1) and mkfifo(1). No terminal comes with the
 * connection, so nothing is sent to what it started when it breaks. In a folder of its own it has:
 *
 *   o.N e.N  what it has printed, in pieces that wait to be read; where many wait, the command waits
 *   wake     a pipe that a line goes into for each of them, and that ends with what runs the command
 *   pid      what runs it
 *   f        who reads them now
 *   code     how it ended, when all pieces are there
 *   lost     that a piece found no room; what the command printed from there on is not kept
 *
 * The command may fill the disk. So the small files are there before it begins, and are written in place (`1<>`).
 *
 * Under emulation each program that is started costs the guest 50 ms, and each fork 6: what a shell can do by itself, it does.
 */

import { randomUUID } from 'node:crypto';
import { shellQuoted } from '../../base/text/shell.ts';

/** The exit code of a start in a guest that lacks what it takes: nothing has been run then, and nothing is left. */
export const cannot = 93;

/** The exit code of a start for which a file could not be written; stderr says why. */
export const notWritten = 94;

/** What a follower is told that may remove all that the command has left. */
export const mayRemove = 'remove\n';

/** What follows what was kept of the output, where the rest found no room. */
export const noRoom = 'imaged: the disk of the guest is full: what came after this was not kept';

const mostWaiting = 128;
const atOnce = 64;

/** A file that is put into the guest with the command. */
export type PutFile = {
  /** How messages call it. */
  readonly name: string;
  readonly path: string;
  readonly mode: string;
  readonly bytes: Uint8Array;
};

// Latin-1 keeps every byte as it is; `textBytes` makes bytes of it again.
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The bytes of a text of this file. */
export const textBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const latin1 = (text: string): string => textOf(Buffer.from(text));

const mostPutBytes = 256 * 1024;

/** Whether a here-document holds the file as it is. */
export const canPut = (bytes: Uint8Array): boolean =>
  bytes.byteLength <= mostPutBytes && bytes.at(-1) === 10 && !bytes.includes(0);

// noclobber, since the folder may be anybody's.
const putText = ({ path, mode, bytes }: Omit<PutFile, 'name'>): string => {
  const end = `imaged-${randomUUID()}`;
  return `
(umask 077; set -C; cat >${latin1(shellQuoted(path))} <<'${end}' && chmod ${mode} ${latin1(shellQuoted(path))}
${textOf(bytes)}${end}
) || exit ${notWritten}
`;
};

// A copy of the shell, whose own number Linux tells. dd reads once and no further than it writes, so nothing is lost between two of them.
const keeper = (command: string) => `
{ read -r p _ </proc/self/stat; } 2>/dev/null || p=$(exec sh -c 'echo $PPID')
echo $p 1<>"$d/pid"
exec 4<>"$d/wake" 5>&-
echo >&4
spool() {
  n=0 l=
  while :; do
    dd bs=65536 count=1 of="$d/t.$1" 2>/dev/null || l=1
    [ -s "$d/t.$1" ] || break
    while [ -f "$d/$1.$((n - ${mostWaiting}))" ]; do sleep 1; done
    mv "$d/t.$1" "$d/$1.$n"
    n=$((n + 1))
    echo >&4
    [ -z "$l" ] || break
  done
  [ -z "$l" ] || { echo 1 1<>"$d/lost"; cat >/dev/null; }
}
{ { (exec 3>&- 4>&- </dev/null
${command}
); echo $? 1<>"$d/ended"; } 2>&3 | spool o; } 3>&1 >/dev/null | spool e
read -r c <"$d/ended"
echo $c 1<>"$d/code"
echo >&4
`;

/** What starts a script: words for sh(1). `isSimple`: it is one simple command, to which nothing of the keeper's shell matters. */
export type StartCommand = { readonly text: string; readonly isSimple: boolean };

/** Puts the files into the guest, starts the command, and says when it has begun. */
const startText = (folder: string, { text, isSimple }: StartCommand, files: readonly PutFile[]): string => {
  const run = `${folder}/run`;
  const own = { path: run, mode: '0600', bytes: Buffer.from(`${text}\n`) };
  const command = isSimple ? latin1(text) : `exec sh ${latin1(shellQuoted(run))}`;
  return `
for p in dd mkfifo; do command -v $p >/dev/null 2>&1 || exit ${cannot}; done
${files.map(putText).join('')}
mkdir -m 700 "$d" && mkfifo "$d/wake" || { rm -rf "$d" ${latin1(files.map(({ path }) => shellQuoted(path)).join(' '))}; exit ${cannot}; }
${isSimple ? '' : putText(own)}
for p in pid ended code lost; do echo '        ' >"$d/$p"; done && echo $id >"$d/f" || { rm -rf "$d"; exit ${notWritten}; }
exec 5<>"$d/wake"
(${keeper(command)}) </dev/null >/dev/null 2>&1 &
read -r _ <&5
exec 4<"$d/wake" 5>&-
echo b
`;
};

/** How far the pieces of each stream have been read. */
export type ReadOutput = { readonly out: number; readonly err: number };

/** Goes on with a command that was started before. What was read of it is removed. */
const againText = `
[ -d "$d" ] || { echo n; exit; }
exec 5<>"$d/wake" 4<"$d/wake"
echo $id 1<>"$d/f"
echo >&5
exec 5>&-
i=$((o - 1)); while [ -f "$d/o.$i" ]; do rm -f "$d/o.$i"; i=$((i - 1)); done
i=$((e - 1)); while [ -f "$d/e.$i" ]; do rm -f "$d/e.$i"; i=$((i - 1)); done
`;

/** `files`: what goes with the folder when the command has ended and its end is known. */
const readText = (files: readonly string[]) => `
w() { echo 1<>"$d/wake"; }
t='${noRoom}
'
alive() { read -r q <"$d/pid" && kill -0 $q; } 2>/dev/null
while [ $k -lt ${atOnce} ]; do
  g=$h; alive || g=1
  c=; [ -f "$d/code" ] && read -r c <"$d/code" || c=
  s=$k
  while [ $k -lt ${atOnce} ] && [ -f "$d/o.$o" ]; do
    printf 'o %d\\n' $(wc -c <"$d/o.$o"); cat "$d/o.$o"; o=$((o + 1)); k=$((k + 1))
  done
  while [ $k -lt ${atOnce} ] && [ -f "$d/e.$e" ]; do
    printf 'e %d\\n' $(wc -c <"$d/e.$e"); cat "$d/e.$e"; e=$((e + 1)); k=$((k + 1))
  done
  [ $s -eq $k ] || continue
  if [ -n "$c" ]; then
    l=; [ -f "$d/lost" ] && read -r l <"$d/lost" || l=
    [ -z "$l" ] || printf 'e %d\\n%s' \${#t} "$t"
    echo "x $c"
    read -r a && [ "$a" = ${mayRemove.trim()} ] || exit 0
    rm -rf "$d" ${latin1(files.map(shellQuoted).join(' '))}
    exit
  fi
  [ -z "$g" ] || { echo g; exit 0; }
  read -r _ <&4 || h=1
  read -r q <"$d/f" && [ "$q" = "$id" ] || { w; exit 0; }
done
echo m
`;

type Following = {
  readonly folder: string;
  /** Of this reader alone. */
  readonly id: string;
  readonly read: ReadOutput;
  /** What the command has besides its folder. */
  readonly files: readonly string[];
  /** Set: it is started first. */
  readonly start?: { readonly command: StartCommand; readonly files: readonly PutFile[] };
};

/**
 * A script in Latin-1 that prints what comes, each piece behind a line that says its stream and its length; `b` when it has
 * begun the command; then `x CODE` when that has ended, `g` when it has gone without a word, `n` when there is none, and
 * `m` when this was enough at once. Behind `x` it reads whether all that is left may be removed. A reader that another has
 * followed gives up.
 */
export const followText = ({ folder, id, read: { out, err }, files, start }: Following): string => `
d=${latin1(shellQuoted(folder))} id=${id} o=${out} e=${err} k=0 h=
${start === undefined ? againText : startText(folder, start.command, start.files)}
${readText(files)}
`;
