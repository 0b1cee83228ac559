import { open, rm } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { keepLastLines } from '../last-lines.ts';
import type { Guest } from '../types.ts';

const mb = 2 ** 20;

const tooLargeCode = 97;

// What the guest knows to be too large costs no transfer. Where find(1) is missing or cannot tell, the bytes are counted as they come.
const readOf = (place: string, mostBytes: number) => `
p=${shellQuoted(place)}
if [ -f "$p" ] && [ -n "$(find -H "$p" -prune -size +${mostBytes}c 2>/dev/null)" ]; then exit ${tooLargeCode}; fi
cat "$p"
`;

/** The guest's `download`, over its `run`. */
export const downloadBy =
  (run: Guest['run']): Guest['download'] =>
  async (place, { file, mostBytes }, signal) => {
    let bytes = 0;
    const tooLarge = () =>
      new Fault(
        'provisioner_failed',
        `${place} in the guest is larger than the ${mostBytes / mb} MB that are downloaded. Raise max_size, or make it smaller.`,
        { file: place, expected: `at most ${mostBytes} bytes`, saw: 'more' },
      );
    const last = keepLastLines();
    await rm(file, { force: true });
    try {
      await using to = await open(file, 'wx', 0o600);
      const onBytes = async (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > mostBytes) throw tooLarge();
        await to.writeFile(chunk);
      };
      const { exitCode } = await run(readOf(place, mostBytes), { onLines: last.take, onBytes }, signal);
      if (exitCode === 0) return { bytes };
      if (exitCode === tooLargeCode) throw tooLarge();
      const said = last.lines();
      throw new Fault(
        'provisioner_failed',
        `${place} could not be read in the guest: ${said.at(-1) ?? 'it did not say why'}`,
        { exitCode, file: place, output: said.join('\n') },
      );
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  };
