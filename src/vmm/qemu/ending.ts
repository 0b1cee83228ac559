import type { Exit } from '../../base/process/start-detached.ts';
import type { Ending } from '../types.ts';
import { eventBound } from './event-bound.ts';

/** What was seen of a machine that has gone. */
export type QemuDeparture = {
  readonly exit: Exit;
  /** The reason in QMP's last SHUTDOWN event (ShutdownCause in qapi/run-state.json); undefined: there was no event. */
  readonly reason?: string;
  /** imaged pulled the plug. */
  readonly isOurs: boolean;
  /** The disk, as QEMU names it, for whose writes the host had no room. */
  readonly fullDisk?: string;
  /** The guest made QEMU tell of more events than `eventBound` allows. */
  readonly floods?: true;
  /** The end of what QEMU printed. */
  readonly words: string;
};

const exitWords = ({ exitCode, signal }: Exit): string =>
  signal === undefined ? `QEMU ended with exit code ${exitCode ?? 'unknown'}` : `QEMU was ended by ${signal}`;

/** Tells apart how a machine went. What QEMU said of the guest comes first: it may have halted as we pulled the plug. */
export const endingOf = ({ exit, reason, isOurs, fullDisk, floods, words }: QemuDeparture): Ending => {
  if (reason === 'guest-shutdown') return { how: 'halt', detail: 'the guest powered itself off' };
  if (reason === 'guest-reset') return { how: 'reboot', detail: 'the guest reset itself' };
  if (reason === 'guest-panic') return { how: 'panic', detail: "the guest's kernel told QEMU that it panicked" };
  if (fullDisk !== undefined)
    return { how: 'full', detail: `the disk of the host is full: QEMU could not write to ${fullDisk}` };
  if (floods) return { how: 'flood', detail: `it caused more than ${eventBound.atOnce} events` };
  if (reason === 'host-signal')
    return { how: 'killed', detail: 'QEMU was asked to end by a signal that imaged did not send' };
  if (reason === 'host-qmp-quit' && !isOurs)
    return { how: 'killed', detail: 'QEMU was told to quit on its control socket, and not by imaged' };
  if (isOurs) return { how: 'stopped', detail: `imaged ended QEMU: ${exitWords(exit)}` };
  const event = reason === undefined ? '' : ` after a shutdown for the reason ${reason}`;
  return { how: 'crash', detail: `${exitWords(exit)}${event}${words === '' ? '' : `; it last said: ${words}`}` };
};
