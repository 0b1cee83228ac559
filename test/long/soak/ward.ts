/** The daemon under test: ended and started again on purpose, and watched for the ends that are not. */

import { existsSync } from 'node:fs';
import { systemClock as clock } from '../../../src/base/clock.ts';
import type { Imaged } from '../../fixtures/imaged.ts';

export type Ward = {
  readonly imaged: Imaged;
  /** Counts the daemons, from 1. */
  readonly life: () => number;
  readonly isUp: () => boolean;
  /** Since this daemon was ready. */
  readonly upMs: () => number;
  /** Ends it by the signal and starts it again. */
  readonly restart: (signal: NodeJS.Signals) => Promise<void>;
  /** Looks whether it has died by itself; then that is noted, and it is started again. */
  readonly look: () => Promise<void>;
  /** What it said last before each death that nobody meant. */
  readonly deaths: readonly string[];
};

const lastLines = 8;

export const watchOver = (imaged: Imaged): Ward => {
  let life = 1;
  let since = clock.elapsed();
  let busy: Promise<void> | undefined;
  const deaths: string[] = [];

  const begin = async () => {
    await imaged.start();
    life += 1;
    since = clock.elapsed();
  };
  /** One at a time. */
  const alone = (work: () => Promise<void>): Promise<void> =>
    (busy ??= work().finally(() => {
      busy = undefined;
    }));
  return {
    imaged,
    deaths,
    life: () => life,
    isUp: () => busy === undefined,
    upMs: () => clock.elapsed() - since,
    restart: (signal) =>
      alone(async () => {
        await imaged.kill(signal);
        await begin();
      }),
    look: async () => {
      if (busy !== undefined || existsSync(`/proc/${imaged.pid()}`)) return;
      await alone(async () => {
        deaths.push(imaged.lines().slice(-lastLines).join('\n'));
        await begin();
      });
    },
  };
};
