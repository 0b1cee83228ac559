import type { Step } from '../../plan.ts';
import type { Running } from '../../machine/running.ts';

const keep = async ({ installer }: { installer: Running }) => ({ running: installer });

/** The installer's machine is the one that goes on: a live system, or a disk that needs no installing. */
export const keepInstaller = {
  name: 'keep-machine',
  phase: 'booting',
  timeoutMs: 1000,
  run: keep,
  takeUp: { ended: keep, cutShort: keep },
} satisfies Step<{ installer: Running }, { running: Running }>;
