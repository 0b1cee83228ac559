import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../base/errno.ts';
import { asFault } from '../base/fault.ts';
import type { Finding } from '../host/types.ts';
import { isTrial } from '../vmm/qemu/probe/trial-folder.ts';
import type { Hypervisor } from '../vmm/types.ts';

const ours = /^imaged-check-[A-Za-z0-9]{6}$/;

// No check takes so long; one that is younger may be running.
const oldMs = 3_600_000;

/** What stands in for run_dir while the host is checked, so that the daemon's own is left alone. */
export const makeCheckFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'imaged-check-'));

// The folder for temporary files is everybody's: what is not this user's own is not touched.
const isLeft = async (folder: string, now: number): Promise<boolean> => {
  const stats = await lstat(folder);
  return stats.isDirectory() && stats.uid === process.getuid?.() && stats.mtimeMs < now - oldMs;
};

const removeOne = async (folder: string, hypervisor: Hypervisor, signal: AbortSignal): Promise<void> => {
  for (const trial of (await readdir(folder)).filter(isTrial))
    await hypervisor.reap(trial, join(folder, trial), signal);
  await rm(folder, { recursive: true, force: true });
};

/** Removes what checks left that were killed: their folders, and the programs that hang in a trial. */
export const removeOldChecks = async (
  hypervisor: Hypervisor,
  now: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const name of (await readdir(tmpdir())).filter((name) => ours.test(name))) {
    const folder = join(tmpdir(), name);
    try {
      if (await isLeft(folder, now)) await removeOne(folder, hypervisor, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Another check that ends meanwhile takes its own folder with it.
      if (isErrno(error, 'ENOENT')) continue;
      findings.push({
        name: 'leftovers',
        state: 'warn',
        message: `${folder}: ${asFault(error).message}`,
        fix: `rm -r ${folder}`,
      });
    }
  }
  return findings;
};
