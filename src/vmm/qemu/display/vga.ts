/**
 * Reads the text of a VGA from its memory, by QEMU's monitor. Registers stand behind an index that the guest may be using:
 * they are read while the machine stands still, and the index is put back. See FreeVGA, "VGA Text Mode Operation".
 */

import { z } from 'zod';
import type { Semaphore } from '../../../base/semaphore.ts';
import type { Qmp } from '../qmp.ts';
import type { Shown } from '../../types.ts';
import { characterOf } from './code-page.ts';

// A machine that was stopped must go on, also when the signal has aborted.
const never = new AbortController().signal;

const graphics = { port: 0x3ce, mode: 5, miscellaneous: 6 };
const crtc = {
  port: 0x3d4,
  columns: 1,
  overflow: 7,
  cellHeight: 9,
  startHigh: 12,
  startLow: 13,
  height: 18,
  pitch: 19,
};

// Where the memory of a colour display begins, and its size in cells of a character and its colours.
const memory = { address: 0xb8000, cells: 0x4000 };
const mostColumns = 132;

const blank: Shown = { mode: 'text', columns: 80, cells: '' };

type Ask = (line: string) => Promise<string>;

/** Reads registers behind one index, and leaves the index as it was. */
const registersOf = async (ask: Ask, port: number, indices: readonly number[]): Promise<readonly number[]> => {
  const value = (answer: string) => Number(/= (0x[0-9a-f]+)/.exec(answer)?.[1]);
  const index = value(await ask(`i /b ${port}`));
  const values: number[] = [];
  for (const at of indices) values.push(value(await ask(`i /b ${port}.${at}`)));
  await ask(`o /b ${port} ${index}`);
  return values;
};

const cellsFrom = async (ask: Ask, first: number, count: number): Promise<string> => {
  const dump = await ask(`xp /${Math.ceil(count / 4)}gx ${memory.address + first * 2}`);
  // Four cells a word, the first in its lowest bytes: colours above the character in each.
  const words = [...dump.matchAll(/ 0x([0-9a-f]{16})/g)].map(([, word = '']) => Buffer.from(word, 'hex').reverse());
  const characters = Buffer.concat(words).filter((_, at) => at % 2 === 0);
  return Array.from(characters.subarray(0, count), characterOf).join('');
};

const readText = async (ask: Ask): Promise<Shown> => {
  const { mode, miscellaneous } = graphics;
  const [gr5 = 0, gr6 = 0] = await registersOf(ask, graphics.port, [mode, miscellaneous]);
  if ((gr6 & 0x01) !== 0) return { mode: 'graphic' };
  // Text is at 0xb8000, even and odd addresses in two planes; before the firmware has made it so, nothing is shown.
  if ((gr6 & 0x0c) !== 0x0c || (gr5 & 0x10) === 0) return blank;
  const { port, columns, overflow, cellHeight, startHigh, startLow, height, pitch } = crtc;
  const wanted = [columns, overflow, cellHeight, startHigh, startLow, height, pitch];
  const [last = 0, over = 0, cell = 0, high = 0, low = 0, end = 0, step = 0] = await registersOf(ask, port, wanted);
  const shown = last + 1;
  const lines = (end | ((over & 0x02) << 7) | ((over & 0x40) << 3)) + 1;
  const rows = Math.floor(lines / ((cell & 0x1f) + 1));
  const stride = step * 2;
  const start = (high << 8) | low;
  if (shown > mostColumns || stride < shown || start + stride * rows > memory.cells) return blank;
  const cells = await cellsFrom(ask, start, stride * rows);
  const kept = Array.from({ length: rows }, (_, row) => cells.slice(row * stride, row * stride + shown));
  return { mode: 'text', columns: shown, cells: kept.join('') };
};

const Status = z.object({ status: z.string(), running: z.boolean() });

/**
 * What the VGA shows now; blank before the machine runs. `stillness`: whose turn it is to have the guest stand still. Throws
 * `hypervisor_unavailable` when QEMU has ended.
 */
export const readVga = async ({ execute }: Pick<Qmp, 'execute'>, stillness: Semaphore): Promise<Shown> => {
  using _turn = await stillness.take(never);
  const ask: Ask = async (line) => String(await execute('human-monitor-command', { 'command-line': line }, never));
  const { status, running } = Status.parse(await execute('query-status', {}, never));
  if (status === 'prelaunch') return blank;
  if (!running) return readText(ask);
  await execute('stop', {}, never);
  try {
    return await readText(ask);
  } finally {
    await execute('cont', {}, never);
  }
};
