import type { Step } from '../plan.ts';
import type { Running } from '../running.ts';

/** The installer's machine is the one that goes on: a live system, or a disk that needs no installing. */
export const keepInstaller = {
  name: 'keep-machine',
  phase: 'booting',
  timeoutMs: 1000,
  async run({ installer }) {
    return { running: installer };
  },
} satisfies Step<{ installer: Running }, { running: Running }>;
