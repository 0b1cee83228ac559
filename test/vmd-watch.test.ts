import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { watchVmd } from '../src/vmm/vmd/watch.ts';

const head = '   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME';

test('what a vmd says that was started while it was asked is not taken for the word of the one before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vmd-watch-'));
  const [vmctl, socket, asked] = [join(folder, 'vmctl'), join(folder, 'vmd.sock'), join(folder, 'asked')];
  try {
    await writeFile(socket, '');
    await writeFile(asked, '');
    // The first time vmd is started anew before it answers: its socket is another, and it has no machine.
    await writeFile(
      vmctl,
      `#!/bin/sh\n[ -s ${asked} ] || { : >${socket}.new; mv ${socket}.new ${socket}; }\necho x >>${asked}\necho '${head}'\n`,
    );
    await chmod(vmctl, 0o755);
    const life = new AbortController();
    const watch = watchVmd({ vmctl, socket, clock: systemClock, life: life.signal });
    const first = await watch.look(AbortSignal.timeout(10_000));
    assert.equal(await readFile(asked, 'utf8'), 'x\nx\n', 'it is asked once more');
    const second = await watch.look(AbortSignal.timeout(10_000));
    assert.equal(first.life, second.life, 'what it said is of the life that there is now');
    await writeFile(vmctl, '#!/bin/sh\nexit 1\n');
    // Taken for a table without rows, it would end every machine there is.
    await assert.rejects(watchVmd({ vmctl, socket, clock: systemClock, life: life.signal }).look(life.signal), {
      code: 'hypervisor_unavailable',
    });
    life.abort();
  } finally {
    await rm(folder, { recursive: true });
  }
});
