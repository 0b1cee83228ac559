import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { runProgram } from '../../base/program.ts';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';

// With two threads or more the blocks are the same for every number of them; one alone writes other headers (xz(1), --block-size).
const threads = Math.max(2, availableParallelism());

/** The command lines that print what a file is compressed to. No name and no time of the file is in it. */
const argvOf: Readonly<Record<'xz' | 'lz4', (level: number, from: string) => readonly string[]>> = {
  xz: (level, from) => ['-z', '-c', '-q', `-${level}`, `-T${threads}`, '--block-size=24MiB', from],
  lz4: (level, from) => ['-z', '-c', '-q', `-${level}`, from],
};

/** Has xz(1) or lz4(1) compress a file, and hashes what it prints. The name on its command line is imaged's own. */
export const byProgram = async (
  kind: 'xz' | 'lz4',
  program: string,
  { from, to, level, signal, onBytes }: Compression,
): Promise<Digest> => {
  await using file = await open(to, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  await runProgram(program, argvOf[kind](level, from), {
    signal,
    onBytes: async (bytes) => {
      hash.update(bytes);
      for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
      size += bytes.length;
      onBytes(size);
    },
  });
  return { size, sha256: hash.digest('hex') };
};
