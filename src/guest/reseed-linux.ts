/** Has Linux draw its random numbers anew at once, from what was mixed into its pool: it would go on as before for up to a minute. */

const code = (lines: readonly (readonly [hex: string, meaning: string])[]): Buffer =>
  Buffer.from(lines.map(([hex]) => hex).join(''), 'hex');

/** Removes itself, then `ioctl(open("/dev/random", O_WRONLY), RNDRESEEDCRNG)` (random(4)); exits with 0 where that was done. */
const text = code([
  ['6a57', 'push 87: unlink'],
  ['58', 'pop rax'],
  ['488b7c2408', 'mov rdi, [rsp + 8]: argv[0]'],
  ['0f05', 'syscall'],
  ['6a02', 'push 2: open'],
  ['58', 'pop rax'],
  ['488d3d1a000000', 'lea rdi, [rip + path]'],
  ['6a01', 'push 1: O_WRONLY'],
  ['5e', 'pop rsi'],
  ['31d2', 'xor edx, edx'],
  ['0f05', 'syscall'],
  ['97', 'xchg edi, eax'],
  ['be07520000', 'mov esi, 0x5207: RNDRESEEDCRNG'],
  ['6a10', 'push 16: ioctl'],
  ['58', 'pop rax'],
  ['0f05', 'syscall'],
  ['f7d8', 'neg eax'],
  ['97', 'xchg edi, eax'],
  ['6a3c', 'push 60: exit'],
  ['58', 'pop rax'],
  ['0f05', 'syscall'],
]);

const [headBytes, segmentBytes] = [64, 56];
const loadedAt = 0x400000n;

/** A program for Linux on x86-64 (elf(5)): its head, one segment that holds all of it, and the code. */
export const reseedProgram = (): Buffer => {
  const path = Buffer.from('/dev/random\0', 'latin1');
  const head = Buffer.alloc(headBytes + segmentBytes);
  const bytes = BigInt(head.length + text.length + path.length);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(2, 16); // ET_EXEC
  head.writeUInt16LE(62, 18); // EM_X86_64
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(loadedAt + BigInt(head.length), 24);
  head.writeBigUInt64LE(BigInt(headBytes), 32);
  head.writeUInt16LE(headBytes, 52);
  head.writeUInt16LE(segmentBytes, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64); // PT_LOAD
  head.writeUInt32LE(5, 68); // read and execute
  head.writeBigUInt64LE(loadedAt, 80);
  head.writeBigUInt64LE(loadedAt, 88);
  head.writeBigUInt64LE(bytes, 96);
  head.writeBigUInt64LE(bytes, 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, text, path]);
};

const octal = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/**
 * For sh(1) as root of Linux, whose machine is the argument: ends with 0 where it was done. Not every system has a language with
 * ioctl(2), nor the driver of QEMU's vmgenid; where the processor is another, or nothing may be run from these folders, perl(1) and
 * python3(1) are tried.
 */
export const reseedLinux = `
reseed() {
  if [ "$1" = x86_64 ]; then
    for folder in /run /tmp /root; do
      f=$folder/imaged-reseed.$$
      (umask 077; set -C; printf '${octal(reseedProgram())}' >"$f" && chmod 700 "$f" && "$f") 2>/dev/null && return 0
      rm -f "$f"
    done
  fi
  perl -e 'open(my $r, ">", "/dev/random") && ioctl($r, 0x5207, 0) or exit 1' 2>/dev/null ||
    python3 -c 'import fcntl; fcntl.ioctl(open("/dev/random", "wb"), 0x5207)' 2>/dev/null
}
`;
