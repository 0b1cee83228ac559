import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { machineStopper } from '../src/vmm/vmd/stop.ts';
import { watchVmd } from '../src/vmm/vmd/watch.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { needsRoot, startVmd } from './fixtures/vmd.ts';

const options = { skip: needsRoot };

/** A vmd with a machine im-0 whose process does not heed SIGTERM, and is killed `force` seconds after the last stop -f. */
const withDeaf = async (force: number) => {
  const vmd = await startVmd({ guests: 'none', deaf: true, times: { force } });
  const { disk } = await disksFor(vmd);
  await vmd.vmctlAsImaged('start', '-t', 'imaged', '-L', '-d', `raw:${await disk('a')}`, 'im-0');
  const isThere = async () => / im-0$/m.test((await vmd.vmctlAsImaged('status')).stdout);
  assert.ok(await isThere());
  return { vmd, isThere, [Symbol.asyncDispose]: vmd[Symbol.asyncDispose] };
};

test('in the newest vmd each stop -f begins the time until the kill anew', options, async () => {
  await using s = await withDeaf(2);
  const stop = () => s.vmd.vmctlAsImaged('stop', '-f', 'im-0');
  const began = performance.now();
  assert.equal((await stop()).stderr, 'stopping vm im-0: requested to shutdown vm 3\n');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await stop();
  while (await s.isThere()) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(performance.now() - began >= 3500, `${performance.now() - began} ms`);
});

test('a machine whose process does not heed SIGTERM is cut by one stop -f, and waited for', options, async () => {
  await using s = await withDeaf(5);
  const life = new AbortController();
  const { bin, socket } = s.vmd;
  const vmctl = join(bin, 'vmctl');
  const watch = watchVmd({ vmctl, socket, clock: systemClock, life: life.signal });
  await machineStopper(vmctl, watch, systemClock)('im-0', AbortSignal.timeout(60_000));
  assert.ok(!(await s.isThere()));
  assert.equal((await s.vmd.log()).match(/asked stop im-0/g)?.length, 1);
  life.abort();
});
