import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';
import type { Input } from '../../base/program.ts';
import type { ConsoleSession } from './session.ts';

// What a serial line carries in a few minutes.
const mostBytes = 8 * 2 ** 20;
// A tty of OpenBSD holds 1024 bytes that its reader has not taken yet (TTYHOG), so each answer is awaited.
const bytesOfLine = 57;
const linesAtOnce = 9;
const tries = 3;
const withinMs = 30_000;

const bytesOf = async (input: Input): Promise<Uint8Array> => {
  const size = typeof input === 'object' && 'file' in input ? (await stat(input.file)).size : input.length;
  if (size > mostBytes)
    throw new Fault(
      'provisioner_failed',
      `${size} bytes are more than the ${mostBytes / 2 ** 20} MB that are sent over a console. Let the guest fetch them from its endpoint.`,
      { expected: `at most ${mostBytes} bytes`, saw: `${size} bytes` },
    );
  if (typeof input === 'string') return Buffer.from(input);
  return input instanceof Uint8Array ? input : readFile(input.file);
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The SHA-256 of a file of the guest, whose name is a word for sh(1); undefined where it cannot be read. */
export const digestOf = async (
  session: ConsoleSession,
  word: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  let found: string | undefined;
  const onLine = (line: string) => {
    found ??= /\b[0-9a-f]{64}\b/.exec(line)?.[0];
  };
  await session.ask(`dig ${word}`, { onLine, withinMs: 10 * withinMs }, signal);
  return found;
};

/** Blocks of base64, each a here-document. */
const blocksOf = function* (bytes: Uint8Array): Generator<string> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += bytesOfLine * linesAtOnce) {
    const block = all.subarray(at, at + bytesOfLine * linesAtOnce);
    const lines = Array.from({ length: Math.ceil(block.length / bytesOfLine) }, (_, n) =>
      block.subarray(n * bytesOfLine, (n + 1) * bytesOfLine).toString('base64'),
    );
    yield `cat >>"$d/b" <<'E'\n${lines.join('\n')}\nE`;
  }
};

/**
 * Writes bytes to the file `$d/NAME` of the guest, and sees by their digest that they came as they were sent. Throws
 * `console_deaf` when they did not, three times.
 */
export const sendTo = async (
  session: ConsoleSession,
  name: 'c' | 'i',
  input: Input,
  signal: AbortSignal,
): Promise<void> => {
  const bytes = await bytesOf(input);
  if (bytes.byteLength === 0) {
    await session.ask(`true >"$d/${name}"`, { withinMs }, signal);
    return;
  }
  for (let attempt = 1; attempt <= tries; attempt++) {
    await session.ask('true >"$d/b"', { withinMs }, signal);
    for (const block of blocksOf(bytes)) await session.ask(block, { withinMs }, signal);
    await session.ask(`dec <"$d/b" >"$d/${name}"; rm -f "$d/b"`, { withinMs }, signal);
    if ((await digestOf(session, `"$d/${name}"`, signal)) === sha256(bytes)) return;
  }
  throw new Fault(
    'console_deaf',
    `The guest did not get what was typed on its console, though it was typed ${tries} times.`,
    {
      expected: `a file with the digest ${sha256(bytes)}`,
      saw: 'another one',
    },
  );
};
