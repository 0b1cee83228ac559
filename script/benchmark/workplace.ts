import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './processes.ts';

/** Processes that work in the folder or name it. */
const pidsIn = async (folder: string): Promise<readonly number[]> => {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if (pid === process.pid) continue;
    // A process may be gone between the listing and the reading.
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const at = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (words.includes(folder) || at.startsWith(folder)) found.push(pid);
  }
  return found;
};

/** A folder of its own, which takes along what still runs in it when it goes: Packer leaves QEMU behind when it is killed. */
export const workplace = async (): Promise<AsyncDisposable & { readonly folder: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  return {
    folder,
    async [Symbol.asyncDispose]() {
      const left = await pidsIn(folder);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await until(async () => (await pidsIn(folder)).length === 0, AbortSignal.timeout(10_000));
      await rm(folder, { recursive: true, force: true });
    },
  };
};
