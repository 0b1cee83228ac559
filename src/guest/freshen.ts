/** What a guest lacks that goes on from memory that was kept: the time meanwhile, and random numbers of its own. */

import { reseedLinux } from './reseed-linux.ts';
import { asRoot } from './seal.ts';
import type { Guest, OnLines } from './types.ts';

/** What the host gives it. */
export type Fresh = {
  /** Unix milliseconds. */
  readonly now: number;
  /** At least 32 of the host's, which no other guest is given. */
  readonly random: Uint8Array;
};

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** In UTC, as date(1) of the BSDs takes it (ccyymmddHHMM.SS), and as POSIX has it (mmddHHMMccyy.SS). */
const dateWords = (now: number): { readonly bsd: string; readonly posix: string } => {
  const date = new Date(now);
  const day = `${twoDigits(date.getUTCMonth() + 1)}${twoDigits(date.getUTCDate())}`;
  const minute = `${twoDigits(date.getUTCHours())}${twoDigits(date.getUTCMinutes())}`;
  const [year, second] = [date.getUTCFullYear(), twoDigits(date.getUTCSeconds())];
  return { bsd: `${year}${day}${minute}.${second}`, posix: `${day}${minute}${year}.${second}` };
};

/** For sh(1), by `asRoot`. Each program that it starts costs a slow guest 10 ms or more. It says what it could not do, and ends well whatever that was. */
export const freshenScript = ({ now, random }: Fresh): string => {
  const { bsd, posix } = dateWords(now);
  const seconds = Math.floor(now / 1000);
  const behind = `$((${seconds} - $(date +%s 2>/dev/null || echo 0)))`;
  return `
who=$1
set -- $(uname -sm)
case $1 in
  *BSD | DragonFly) date=${bsd} ;;
  *) date=${posix} ;;
esac
behind=${behind}
if [ "$behind" -gt 1 ] || [ "$behind" -lt -1 ]; then
  if date -u -s @${(now / 1000).toFixed(3)} >/dev/null 2>&1 || date -u "$date" >/dev/null 2>&1; then
    echo "the clock was set: it was $behind s behind"
  else echo "the clock is $behind s behind: the login may not set it" >&2; fi
fi
seed=${Buffer.from(random).toString('hex')}
given=
for device in /dev/urandom /dev/random; do
  if [ -c "$device" ] && { printf '%s' "$seed" >"$device"; } 2>/dev/null; then given=1; fi
done
if [ -z "$given" ]; then echo 'the random numbers of the host could not be given to the guest' >&2; fi
${reseedLinux.trim()}
if [ "$1" = Linux ] && [ "$who" = root ]; then
  reseed "$2" || echo 'the guest draws random numbers of its own within a minute: its kernel could not be told to do so now' >&2
fi
`;
};

/**
 * Sets the clock of a guest that goes on from memory that was kept, and mixes random bytes of the host's into its own, so that
 * no two such guests draw the same. What cannot be done is a line, not a fault. Throws `ssh_broken`.
 */
export const freshen = async (guest: Guest, fresh: Fresh, onLines: OnLines, signal: AbortSignal): Promise<void> => {
  const { exitCode } = await guest.runOwn(asRoot(freshenScript(fresh)), { onLines }, signal);
  if (exitCode !== 0) await onLines([`the guest could not be freshened: its sh ended with ${exitCode}`], 'stderr');
};
