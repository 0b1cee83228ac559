import { basename } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { indexFile, signedSumsFile, sumsFile } from '../../base/openbsd/mirror-layout.ts';
import { runProgram } from '../../base/program.ts';
import { sumsIn } from '../../base/sums.ts';
import { keysFor } from './keys.ts';
import { isFileName } from './place.ts';
import type { MirrorPlace, Signed } from './types.ts';

/** Proves that a SHA256.sig is signed with the right key for its folder. */
export type Verifier = {
  /** Throws `mirror_refused` where there is no key for the folder: then nothing needs to be asked for. */
  readonly expect: (place: MirrorPlace) => Promise<void>;
  /** Throws `mirror_damaged` when no key fits. */
  readonly verify: (place: MirrorPlace, text: string, signal: AbortSignal) => Promise<Signed>;
};

// What stands beside the sums in a folder, and what we say ourselves.
const reserved: readonly string[] = [sumsFile, signedSumsFile, indexFile];

const hexOf = (message: string): ReadonlyMap<string, string> =>
  new Map(
    [...sumsIn(message)].filter(([name, sum]) => sum.length === 64 && isFileName(name) && !reserved.includes(name)),
  );

/**
 * Verifies with signify(1), whose -e takes a file that holds the signature and the message. Only what it prints after a
 * verification is believed.
 */
export const makeVerifier = ({ keys, signify }: { readonly keys: string; readonly signify: string }): Verifier => ({
  expect: async (place) => {
    await keysFor(place, keys);
  },
  verify: async (place, text, signal) => {
    const candidates = await keysFor(place, keys);
    let stderr = '';
    for (const key of candidates) {
      const args = ['-V', '-e', '-q', '-p', key, '-x', '-', '-m', '-'];
      const ran = await runProgram(signify, args, { signal, input: text, accept: 'any' });
      if (ran.exitCode === 0) return { text, message: ran.stdout, sums: hexOf(ran.stdout), key: basename(key) };
      stderr = ran.stderr.trim();
    }
    const tried = candidates.map((key) => basename(key)).join(', ');
    throw new Fault('mirror_damaged', `${signedSumsFile} of ${place.folder} is not signed with ${tried}: ${stderr}`, {
      expected: `a signature of ${tried}`,
      saw: stderr,
    });
  },
});
