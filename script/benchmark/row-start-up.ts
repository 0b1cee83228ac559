import { systemClock as clock } from '../../src/clock.ts';
import { startImaged } from '../../test/fixtures/imaged.ts';
import { showSpread, spread } from './numbers.ts';
import { mostWhile, residentMb } from './processes.ts';
import type { Row } from './row.ts';

const mostMs = 700;
const mostMb = 110;
const rounds = 7;

// Some seconds of doing nothing: what a start leaves behind is gone by then, or it is not idle.
const idleMs = 3000;

export const startUp: Row = {
  name: 'start-up',
  what: 'exec to `/readyz` 200, and memory of the idle daemon',
  reach: `<= ${mostMs} ms, <= ${mostMb} MB`,
  run: async ({ signal }) => {
    await using imaged = await startImaged();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await imaged.kill('SIGTERM');
      signal.throwIfAborted();
      const began = clock.elapsed();
      await imaged.start();
      const ready = async () => (await imaged.call('/readyz', { signal })).status === 200;
      while (!(await ready())) signal.throwIfAborted();
      times.push(clock.elapsed() - began);
    }
    const { most } = await mostWhile(
      () => residentMb(imaged.pid()),
      100,
      () => clock.sleep(idleMs, signal),
    );
    const took = spread(times);
    return {
      measured: `${showSpread(took, 0)} ms, ${most.toFixed(0)} MB`,
      isReached: took.median <= mostMs && most <= mostMb,
      facts: { milliseconds: took.median, residentMb: most },
    };
  },
};
