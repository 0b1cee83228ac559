/** What is measured of the daemon every few seconds, from outside and by what it tells itself. */

import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Imaged } from '../../fixtures/imaged.ts';
import { workersOf } from '../../fixtures/left-behind.ts';

const run = promisify(execFile);
const mb = 2 ** 20;

export type Sample = {
  readonly atMs: number;
  readonly life: number;
  readonly upMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly files: number;
  /** The longest turn of its event loop since the last sample, by itself; and the longest wait for /healthz. */
  readonly loopMs: number;
  readonly healthMs: number;
  readonly walMb: number;
  readonly processes: number;
  readonly run: number;
  readonly work: number;
  readonly contexts: number;
  readonly lost: number;
  readonly dataMb: number;
};

const entries = async (folder: string): Promise<number> => (await readdir(folder).catch(() => [])).length;

const residentMb = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

const gauge = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);

/** Undefined: the daemon is not there, or did not answer within some seconds. */
export const takeSample = async (
  imaged: Imaged,
  known: Pick<Sample, 'atMs' | 'life' | 'upMs' | 'healthMs'>,
): Promise<Sample | undefined> => {
  const { dataDir } = imaged;
  try {
    const reply = await imaged.call('/metrics', { signal: AbortSignal.timeout(5000) });
    const metrics = await reply.text();
    return {
      ...known,
      rssMb: await residentMb(imaged.pid()),
      heapMb: gauge(metrics, 'nodejs_heap_size_used_bytes') / mb,
      loopMs: gauge(metrics, 'nodejs_eventloop_lag_max_seconds') * 1000,
      files: await entries(`/proc/${imaged.pid()}/fd`),
      walMb: (await stat(join(dataDir, 'imaged.db-wal')).catch(() => ({ size: 0 }))).size / mb,
      processes: (await workersOf(imaged)).length,
      run: await entries(join(dataDir, 'run')),
      work: await entries(join(dataDir, 'work')),
      contexts: await entries(join(dataDir, 'contexts')),
      lost: await entries(join(dataDir, 'lost+found')),
      // Files go while they are counted: then du(1) says so and ends with 1, and what it counted is good all the same.
      dataMb: Number.parseInt((await run('du', ['-sm', dataDir]).catch((error: unknown) => error as { stdout: string })).stdout, 10), // prettier-ignore
    };
  } catch {
    return undefined;
  }
};
