import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import type { Imaged } from '../../test/fixtures/imaged.ts';
import { makeGoods, startWithGoods } from './cycle.ts';
import { showSpread, spread } from './numbers.ts';
import { mostWhile } from './processes.ts';
import type { Row } from './row.ts';

const mostMb = 20;
const floodBytes = 200 * 2 ** 20;
const rounds = 5;
const seconds = 10;
const child = fileURLToPath(new URL('child-flood.js', import.meta.url));

const Report = z.object({ mbPerS: z.number(), heapMb: z.number(), bufferMb: z.number(), isWhole: z.boolean() });

/** A guest that prints numbered lines, tells how many they were, and goes when it is told to. */
const printing = (append: string) => ({
  name: 'printing',
  machine: {
    memory: '256M',
    boot: {
      kernel: 'media:tiny/vmlinux',
      initrd: 'media:tiny/installer.cpio',
      append: `${append} imaged.act=flood=${seconds}`,
    },
  },
  install: {
    console: [
      { hear: '^flood end \\d+', within: '5m', say: 's' },
      { hear: '# $', say: 'poweroff -f' },
    ],
    ends: 'halt',
  },
  communicator: { type: 'none' },
  artifacts: [],
});

/** MiB of heap that the daemon has in use, garbage and all. */
const heapMb = async (imaged: Imaged, signal: AbortSignal): Promise<number> => {
  const metrics = await (await imaged.call('/metrics', { signal })).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]) / 2 ** 20;
};

/** How many of the guest's lines the transcript holds. Throws when one is missing, broken, or there twice. */
const countLines = async (transcript: string): Promise<number> => {
  await using file = await open(transcript);
  let last = 0;
  for await (const line of file.readLines()) {
    const [, words = '', number = ''] = /^flood (end )?(\d+)\s*$/.exec(line.replace(/^.*\(S\)hell\? /, '')) ?? [];
    if (number === '') continue;
    if (words === 'end ' && Number(number) === last) return last;
    if (words === 'end ' || Number(number) !== last + 1)
      throw new Error(`the transcript has "${line}" after "flood ${last}"`);
    last = Number(number);
  }
  throw new Error(`the transcript ends after "flood ${last}"`);
};

export const consoleFlood: Row = {
  name: 'console flood',
  what: `200 MB through the console as fast as it takes them, and ${seconds} s of a real guest printing`,
  reach: `no byte lost, heap grows <= ${mostMb} MB`,
  run: async ({ signal }) => {
    const reports: z.infer<typeof Report>[] = [];
    for (let round = 0; round < rounds; round++) {
      const words = ['--expose-gc', child, String(floodBytes)];
      const { stdout } = await runProgram(process.execPath, words, { signal });
      reports.push(Report.parse(JSON.parse(stdout)));
    }
    const isWhole = reports.every((report) => report.isWhole);
    const fedMb = Math.max(...reports.map((report) => report.heapMb));
    const rate = spread(reports.map(({ mbPerS }) => mbPerS));

    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    const before = await heapMb(imaged, signal);
    const { most, value: lines } = await mostWhile(
      () => heapMb(imaged, signal),
      200,
      async () => {
        const { id } = await imaged.post({ template: printing(goods.append) });
        const result = await imaged.call(`/builds/${id}/result?wait=60`, { signal });
        if (result.status !== 200) throw new Error(`the build ended with: ${await result.text()}`);
        return countLines(join(imaged.dataDir, 'builds', id, 'console'));
      },
    );
    const printedMb = most - before;
    return {
      measured: `${showSpread(rate, 0)} MB/s, ${isWhole ? 'all there' : 'BYTES LOST'}, heap +${fedMb.toFixed(0)} MB; ${lines} lines of the guest, all there, heap +${printedMb.toFixed(0)} MB`,
      isReached: isWhole && fedMb <= mostMb && printedMb <= mostMb,
      facts: { mbPerSecond: rate.median, isWhole, fedMb, lines, printedMb },
    };
  },
};
