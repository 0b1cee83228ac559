import type { Input } from '../../base/program.ts';

// Reads a number and as many lines, and runs them as one command: with builtins of every shell alone, as whatever else
// were called would have the command among its arguments. `read` takes no byte too many from a pipe (POSIX), so what
// follows is the command's own input. A newline is the third that words end at (POSIX, XCU 2.5.3). Lines are put together
// by 64, so that a long command is not copied once for each of them. The names are forgotten, lest an environment that has them hands the command on.
const reader =
  'imaged_c= imaged_b= imaged_n=${IFS#??}; imaged_n=${imaged_n%"${imaged_n#?}"}; IFS= read -r imaged_k || exit 255; ' +
  'while [ "$imaged_k" -gt 0 ]; do IFS= read -r imaged_l || exit 255; imaged_b=$imaged_b$imaged_l$imaged_n; ' +
  'imaged_k=$((imaged_k-1)); [ $((imaged_k%64)) -ne 0 ] || { imaged_c=$imaged_c$imaged_b; imaged_b=; }; done; ' +
  'eval "unset imaged_b imaged_c imaged_k imaged_l imaged_n$imaged_n$imaged_c"';

// What is printed in front of the mark is the login shell's own (begin-mark.ts).
// ssh's own failures and a command's exit code 255 look the same, so a command that ends so says it once more.
const outer =
  'IFS= read -r imaged_m || exit 255; echo "$imaged_m:"; sh -c "$1"; imaged_s=$?; ' +
  '[ $imaged_s -ne 255 ] || echo "$imaged_m" >&2; exit $imaged_s';

/**
 * The one command line that the guest's login shell is given, whatever is to be run: it reads the command from its input.
 * The login shell may be csh(1) or fish(1), which agree with sh(1) about single quotes as long as there is no quote,
 * backslash, exclamation mark or newline between them.
 */
export const remoteLine = `exec sh -c '${outer}' sh '${reader}'`;

/** What `remoteLine` reads: `marker` is what it prints to stdout when it begins, and to stderr when the command itself ended with 255. */
export const remoteInput = (marker: string, command: string, input: Input = ''): readonly Input[] => {
  const lines = command.split('\n');
  return [[marker, lines.length, ...lines, ''].join('\n'), input];
};
