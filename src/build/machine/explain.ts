import { Fault, faults } from '../../base/fault.ts';
import type { Running } from './running.ts';

// sh, dd and tar of every system (strerror(3)); OpenBSD's and FreeBSD's kernels ("/: write failed, file system is full",
// "uid 0 on /: file system full", "pid 7 (sh), uid 0 inumber 9 on /: filesystem full").
const diskIsFull = /^.*(?:No space left on device|file ?system (?:is )?full\b|Disk quota exceeded).*$/im;

/** The line with which a guest said that its disk is full. */
const fullDiskIn = (fault: Fault): string | undefined => {
  const texts = Object.values(fault.facts).filter((fact) => typeof fact === 'string');
  return diskIsFull.exec([...texts, fault.message].join('\n'))?.[0].trim();
};

/** Says of a fault that a guest caused whether its own disk is full, and what to do. */
const knowingFullDisk = (fault: Fault): Fault => {
  const { class: ofClass } = faults[fault.code];
  const line = ofClass === 'guest' || ofClass === 'timeout' ? fullDiskIn(fault) : undefined;
  if (line === undefined) return fault;
  const message = `${fault.message} A disk of the guest is full: give the machine a larger one, or that file system more of it.`;
  return new Fault(fault.code, message, { ...fault.facts, fullDisk: line }, { cause: fault.cause });
};

/** The fault with the last that the console showed, where there was one, and with what follows from its words. */
export const explained = (fault: Fault, running: Pick<Running, 'console'> | undefined): Fault => {
  const consoleTail = fault.facts.consoleTail ?? running?.console.tail();
  const seen = consoleTail === undefined ? fault.facts : { ...fault.facts, consoleTail };
  return knowingFullDisk(new Fault(fault.code, fault.message, seen, { cause: fault.cause }));
};
