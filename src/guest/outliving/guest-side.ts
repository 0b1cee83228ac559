/**
 * The guest's side of a command that outlives its connection, for sh(1) with dd(1), mkfifo(1), and setsid(1) or nohup(1). In a
 * folder of its own it has:
 *
 *   run      the command
 *   o.N e.N  what it has printed, in pieces that wait to be read; where many wait, the command waits
 *   wake     a pipe that a line goes into for each of them
 *   pid      what runs it
 *   f        who reads them now
 *   code     how it ended, when all pieces are there
 */

import { shellQuoted } from '../../base/text/shell.ts';

/** The exit code of a start in a guest that lacks what it takes: nothing has been run then. */
export const cannot = 93;

const mostWaiting = 128;
const atOnce = 64;

// dd reads once and no further than it writes, so nothing is lost between two of them.
const keeper = `
d=$1 m=$2
echo $$ >"$d/pid"
exec 4<>"$d/wake"
echo >&4
spool() {
  n=0
  while :; do
    dd bs=65536 count=1 of="$d/t.$1" 2>/dev/null
    [ -s "$d/t.$1" ] || break
    while [ -f "$d/$1.$((n - ${mostWaiting}))" ]; do sleep 1; done
    mv "$d/t.$1" "$d/$1.$n"
    n=$((n + 1))
    echo >&4
  done
}
{ { (umask "$m"; exec sh "$d/run" 3>&- 4>&-); echo $? >"$d/ended"; } 2>&3 | spool o; } 3>&1 >/dev/null | spool e
mv "$d/ended" "$d/code"
echo >&4
`;

/** Starts the command that comes as input, of so many bytes. */
export const startText = (folder: string, bytes: number): string => `
d=${shellQuoted(folder)}
for p in dd mkfifo wc; do command -v $p >/dev/null 2>&1 || exit ${cannot}; done
s=setsid; command -v setsid >/dev/null 2>&1 || s=nohup; command -v $s >/dev/null 2>&1 || exit ${cannot}
m=$(umask); umask 077
mkdir "$d" && mkfifo "$d/wake" && cat >"$d/run" && [ $(wc -c <"$d/run") -eq ${bytes} ] || { rm -rf "$d"; exit ${cannot}; }
exec 4<>"$d/wake"
$s sh -c ${shellQuoted(keeper)} sh "$d" "$m" </dev/null >/dev/null 2>&1 4>&- &
read -r _ <&4
`;

/** How far the pieces of each stream have been read. */
export type Read = { readonly out: number; readonly err: number };

/**
 * Prints what comes, each piece behind a line that says its stream and its length; then `x CODE` when the command has ended,
 * `g` when it has gone without a word, `n` when there is none, and `m` when this was enough at once. What was read before is
 * removed. A reader that another has followed gives up.
 */
export const followText = (folder: string, id: string, { out, err }: Read): string => `
d=${shellQuoted(folder)} id=${id} o=${out} e=${err} k=0
[ -d "$d" ] || { echo n; exit; }
exec 4<>"$d/wake"
echo $id >"$d/f"
echo >&4
i=$((o - 1)); while [ -f "$d/o.$i" ]; do rm -f "$d/o.$i"; i=$((i - 1)); done
i=$((e - 1)); while [ -f "$d/e.$i" ]; do rm -f "$d/e.$i"; i=$((i - 1)); done
alive() { kill -0 "$(cat "$d/pid" 2>/dev/null)" 2>/dev/null; }
(while sleep 3; do alive || { echo >&4; exit; }; done) </dev/null >/dev/null 2>&1 &
w=$!
trap 'kill $w 2>/dev/null' EXIT
while [ $k -lt ${atOnce} ]; do
  g=; alive || g=1
  c=; [ -f "$d/code" ] && c=1
  s=$k
  while [ $k -lt ${atOnce} ] && [ -f "$d/o.$o" ]; do
    printf 'o %d\\n' $(wc -c <"$d/o.$o"); cat "$d/o.$o"; o=$((o + 1)); k=$((k + 1))
  done
  while [ $k -lt ${atOnce} ] && [ -f "$d/e.$e" ]; do
    printf 'e %d\\n' $(wc -c <"$d/e.$e"); cat "$d/e.$e"; e=$((e + 1)); k=$((k + 1))
  done
  [ $s -eq $k ] || continue
  [ -z "$c" ] || { printf 'x %d\\n' $(cat "$d/code"); exit 0; }
  [ -z "$g" ] || { echo g; exit 0; }
  read -r _ <&4
  [ "$(cat "$d/f")" = "$id" ] || { echo >&4; exit 0; }
done
echo m
`;
