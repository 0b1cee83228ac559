import { plain } from '../../base/machine/plain.ts';

// What kernels print last of all: OpenBSD and NetBSD (sys/arch/amd64/amd64/machdep.c, boot), FreeBSD
// (sys/kern/kern_shutdown.c), Linux (kernel/reboot.c). Only the end of what was said counts: a log shown by an
// installer may hold such lines, too.
// Linux does not begin a new line where a shell's prompt stands.
const reboots = /^(rebooting\.\.\.|Rebooting\.\.\.|(.*\[[ \d.]+\] )?reboot: (Restarting system|machine restart))\s*$/;
const halts =
  /^(The operating system has halted\.|(.*\[[ \d.]+\] )?reboot: (Power down|System halted)|Attempting to power down\.\.\.|.*Powering system off.*|syncing disks\.\.\. .*done)\s*$/;

// Behind the last word of its halt a kernel may say that it waits for a key.
const mostLines = 4;

/**
 * How a guest said that it ends, from the last that came over its console: hypervisors that only tell that a machine
 * has gone leave no other witness. What comes behind a reset is said by the next boot: then it is no last word. Undefined: it said
 * nothing of the kind.
 */
export const lastWords = (came: string): 'reboot' | 'halt' | undefined => {
  const lines = plain(came)
    // cu(1) tells its own end there.
    .text.replace(/\[(EOT|SIG[A-Z]+)\]/g, '')
    .split(/\r+\n|\n\r|\r|\n/)
    .filter((line) => line.trim() !== '')
    .slice(-mostLines);
  if (reboots.test(lines.at(-1) ?? '')) return 'reboot';
  const last = lines.findLast((line) => reboots.test(line) || halts.test(line));
  return last !== undefined && halts.test(last) ? 'halt' : undefined;
};
