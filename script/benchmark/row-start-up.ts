import { systemClock as clock } from '../../src/base/clock.ts';
import { startImaged } from '../../test/fixtures/imaged.ts';
import { runProgram } from '../../src/base/program.ts';
import { showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import { mostWhile, residentMb } from './processes.ts';
import type { Row } from './row.ts';

const mostRatio = 8;
const mostMb = 90;
const rounds = 7;

// Some seconds of doing nothing, before it is looked at and while it is: what a start leaves behind is gone by then.
const idleMs = 3000;

export const startUp: Row = {
  name: 'start-up',
  what: 'exec to `/readyz` 200, over `node -e 0`, and memory of the idle daemon',
  reach: `<= ${mostRatio}, <= ${mostMb} MB`,
  run: async ({ signal }) => {
    await using imaged = await startImaged();
    const ours = async () => {
      await imaged.kill('SIGTERM');
      signal.throwIfAborted();
      const began = clock.elapsed();
      await imaged.start();
      const ready = async () => (await imaged.call('/readyz', { signal })).status === 200;
      while (!(await ready())) signal.throwIfAborted();
      return clock.elapsed() - began;
    };
    const theirs = async () => {
      const began = clock.elapsed();
      await runProgram(process.execPath, ['-e', '0'], { signal });
      return clock.elapsed() - began;
    };
    const { ratio, ours: took, theirs: bare } = await inPairs(rounds, ours, theirs, signal);
    await clock.sleep(idleMs, signal);
    const { most } = await mostWhile(
      () => residentMb(imaged.pid()),
      100,
      () => clock.sleep(idleMs, signal),
    );
    return {
      measured: `${showSpread(ratio, 1)}: ${took.median.toFixed(0)} ms over ${bare.median.toFixed(0)} ms, ${most.toFixed(0)} MB`,
      isReached: ratio.median <= mostRatio && most <= mostMb,
      facts: { ratio: ratio.median, milliseconds: took.median, residentMb: most },
    };
  },
};
