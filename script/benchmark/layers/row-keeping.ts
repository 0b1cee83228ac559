import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../../src/base/program.ts';
import type { Imaged } from '../../../test/fixtures/imaged.ts';
import { showSpread, spread } from '../numbers.ts';
import { inPairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import { workplace } from '../workplace.ts';
import { build, startKeeping, twoScripts, type Built } from './builds.ts';

const mostStillMs = 400;
const mostRatio = 1.1;
const mostSize = 1.2;
const rounds = 5;

const keptIn = ({ events }: Built) =>
  events.filter(({ type, data }) => type === 'layer.kept' && data['kind'] === 'machine').map(({ data }) => data);

/** What a layer takes, over its memory in use (QEMU leaves out pages of zeros) and its disk, each as zstd(1) makes them. */
const sizeOver = async (imaged: Imaged, key: string, signal: AbortSignal): Promise<number> => {
  await using place = await workplace();
  const folder = join(imaged.dataDir, 'layers', key);
  const raw = join(place.folder, 'memory');
  await runProgram('zstd', ['-dqo', raw, join(folder, 'memory.zst')], { signal });
  let ours = 0;
  let theirs = 0;
  for (const [name, from] of [
    ['memory.zst', raw],
    ['disk0.qcow2', join(folder, 'disk0.qcow2')],
  ] as const) {
    const packed = join(place.folder, `${name}.packed`);
    await runProgram('zstd', ['-q', '-o', packed, from], { signal });
    ours += (await stat(join(folder, name))).blocks * 512;
    theirs += (await stat(packed)).size;
  }
  return ours / theirs;
};

export const keeping: Row = {
  name: 'keeping',
  what: 'a machine of 256 MB that is kept: how long it stands still; first build with the cache over one without; size over memory in use and disk, by zstd(1)',
  reach: `<= ${mostStillMs} ms, <= ${mostRatio}, <= ${mostSize}`,
  run: async ({ signal }) => {
    await using imaged = await startKeeping();
    const still: number[] = [];
    let key = '';
    let word = 0;
    const ours = async () => {
      // Another machine each time: nothing is taken.
      const built = await build(imaged, await twoScripts('last', { name: `tiny${word++}` }));
      const kept = keptIn(built);
      assert.ok(kept.length > 0, 'no machine was kept');
      key = String(kept.at(-1)?.['key']);
      still.push(...kept.map((data) => Number(data['stood_still_ms'])));
      return built.ms;
    };
    const theirs = async () => (await build(imaged, await twoScripts('last'), '?cache=off')).ms;
    const { ratio } = await inPairs(rounds, ours, theirs, signal);
    const stood = spread(still);
    const size = await sizeOver(imaged, key, signal);
    return {
      measured: `${showSpread(stood, 0)} ms; ${showSpread(ratio, 2)}; ${size.toFixed(2)}`,
      isReached: stood.median <= mostStillMs && ratio.median <= mostRatio && size <= mostSize,
      facts: { stoodStillMs: stood.median, ratio: ratio.median, size },
    };
  },
};
