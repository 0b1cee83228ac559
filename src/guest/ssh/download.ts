import { open, rm } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { keepLastLines } from '../last-lines.ts';
import type { Guest } from '../types.ts';

const mb = 2 ** 20;

/** The guest's `download`, over its `run`. */
export const downloadBy =
  (run: Guest['run']): Guest['download'] =>
  async (place, { file, mostBytes }, signal) => {
    let bytes = 0;
    const last = keepLastLines();
    await rm(file, { force: true });
    try {
      await using to = await open(file, 'wx', 0o600);
      const onBytes = async (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > mostBytes)
          throw new Fault(
            'provisioner_failed',
            `${place} in the guest is larger than the ${mostBytes / mb} MB that are downloaded. Raise max_size, or make it smaller.`,
            { file: place, expected: `at most ${mostBytes} bytes`, saw: 'more' },
          );
        await to.writeFile(chunk);
      };
      const { exitCode } = await run(`cat ${shellQuoted(place)}`, { onLines: last.take, onBytes }, signal);
      if (exitCode === 0) return { bytes };
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
