/**
 * The life of one QEMU, from what its control socket and its process tell:
 *
 *              shutdown, reset, no-room, flood, plug
 *                 +-------+
 *                 v       |
 *   spawned --> running --+--- closed ---> unwatched      its control socket has closed, but it goes on: it is ended
 *                 |                           |
 *                exit                        exit
 *                 v                           v
 *               exited ------- closed -----> gone         nothing more can be seen but what it printed
 *                                             |
 *                                         last-words
 *                                             v
 *                                           ended         with an Ending, for ever
 */

import type { Exit } from '../../base/process/start-detached.ts';
import { unchanged, type Ended, type NextState } from '../life.ts';
import { endingOf, type QemuDeparture } from './ending.ts';

/** What was seen so far that says how it will have ended. */
export type Evidence = Pick<QemuDeparture, 'reason' | 'fullDisk' | 'floods' | 'isOurs'> & {
  /** When the guest's last reset was seen, by QEMU's clock: Unix milliseconds. */
  readonly resetAtMs: number;
};

export type QemuLife =
  | { readonly is: 'running' | 'unwatched'; readonly evidence: Evidence }
  | { readonly is: 'exited' | 'gone'; readonly evidence: Evidence; readonly exit: Exit }
  | Ended;

export type QemuObservation =
  | { readonly saw: 'shutdown'; readonly reason: string }
  /** The guest, or its firmware, reset the machine. */
  | { readonly saw: 'reset'; readonly atMs: number }
  /** QEMU stopped the processor because the host had no room for what the guest wrote. */
  | { readonly saw: 'no-room'; readonly disk: string }
  /** The guest makes QEMU tell of events without end. */
  | { readonly saw: 'flood' }
  /** imaged pulls the plug. */
  | { readonly saw: 'plug' }
  /** The control socket has closed, and every event on it has been seen. */
  | { readonly saw: 'closed' }
  | { readonly saw: 'exit'; readonly exit: Exit }
  /** What QEMU printed at its end, read after it had gone. */
  | { readonly saw: 'last-words'; readonly words: string };

export type QemuEffect =
  /** Tell those who watch for reboots. */
  | 'tell-reboot'
  /** Kill QEMU now. */
  | 'kill'
  /** Kill QEMU unless it ends by itself soon: without its control socket it can neither be watched nor stopped. */
  | 'end-soon'
  | 'read-last-words';

export const spawned: QemuLife = { is: 'running', evidence: { isOurs: false, resetAtMs: -Infinity } };

/**
 * After a reset of the guest SeaBIOS finds itself running again in memory that it has changed, and resets once or twice
 * more by itself (its `handle_resume`), each a RESET event like the guest's own: seen 1 to 60 ms later, and more than a second
 * later on a busy host. No system comes up and reboots within `sameMs`, so that is one reboot.
 */
export const sameMs = 3000;

type Observed = NextState<QemuLife, QemuEffect>;
type Unended = Exclude<QemuLife, Ended>;

/** QEMU's process is not there any more, and its number may be another's. */
export const hasExited = ({ is }: QemuLife): boolean => is === 'exited' || is === 'gone' || is === 'ended';

const learn = (life: Unended, more: Partial<Evidence>): QemuLife => ({
  ...life,
  evidence: { ...life.evidence, ...more },
});

const seeReset = (life: Unended, atMs: number): Observed =>
  atMs - life.evidence.resetAtMs < sameMs
    ? unchanged(life)
    : { life: learn(life, { resetAtMs: atMs }), effects: ['tell-reboot'] };

/** QEMU is killed for what was seen. */
const endFor = (life: Unended, more: Partial<Evidence>): Observed => ({
  life: learn(life, more),
  effects: hasExited(life) ? [] : ['kill'],
});

/** QEMU would wait for room on the host's disk, which imaged cannot make, and the build would hang: QEMU is killed. */
const seeNoRoom = (life: Unended, disk: string): Observed => endFor(life, { fullDisk: life.evidence.fullDisk ?? disk });

const seeClosed = (life: Unended): Observed => {
  if (life.is === 'running') return { life: { ...life, is: 'unwatched' }, effects: ['end-soon'] };
  if (life.is === 'exited') return { life: { ...life, is: 'gone' }, effects: ['read-last-words'] };
  return unchanged(life);
};

const seeExit = (life: Unended, exit: Exit): Observed => {
  const { is, evidence } = life;
  if (is === 'running') return { life: { is: 'exited', evidence, exit }, effects: [] };
  if (is === 'unwatched') return { life: { is: 'gone', evidence, exit }, effects: ['read-last-words'] };
  return unchanged(life);
};

const seeLastWords = (life: Unended, words: string): Observed =>
  life.is === 'gone'
    ? { life: { is: 'ended', ending: endingOf({ ...life.evidence, exit: life.exit, words }) }, effects: [] }
    : unchanged(life);

/** What an observation makes of a life. One that cannot be made in this state changes nothing. */
export const nextOfQemu = (life: QemuLife, observation: QemuObservation): Observed => {
  if (life.is === 'ended') return unchanged(life);
  switch (observation.saw) {
    case 'shutdown':
      return { life: learn(life, { reason: observation.reason }), effects: [] };
    case 'reset':
      return seeReset(life, observation.atMs);
    case 'no-room':
      return seeNoRoom(life, observation.disk);
    case 'flood':
      return life.evidence.floods ? unchanged(life) : endFor(life, { floods: true });
    case 'plug':
      return hasExited(life) ? unchanged(life) : { life: learn(life, { isOurs: true }), effects: [] };
    case 'closed':
      return seeClosed(life);
    case 'exit':
      return seeExit(life, observation.exit);
    case 'last-words':
      return seeLastWords(life, observation.words);
  }
};
