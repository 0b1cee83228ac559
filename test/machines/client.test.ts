import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { frontDoor } from '../fixtures/front-door.ts';
import { imagectl, imagectlInTerminal } from '../fixtures/imagectl.ts';
import { startImaged } from '../fixtures/imaged.ts';
import { cycle } from '../fixtures/quick-templates.ts';

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const home = await mkdtemp(join(tmpdir(), 'imagectl-'));
after(() => rm(home, { recursive: true }));

test('a folder is built on a terminal, over a daemon that is killed and started again meanwhile', async () => {
  await using imaged = await startImaged({ settings, tables });
  await using door = await frontDoor(() => Number(new URL(imaged.url()).port));
  await writeFile(join(home, 'template.json'), JSON.stringify(await cycle()));
  const env = { IMAGED_URL: door.url, IMAGED_TOKEN: imaged.token };
  await using terminal = imagectlInTerminal(['build', home, '-l', 'team=infra'], env);
  await terminal.shows(/✓ create-disks/);
  await imaged.kill('SIGKILL');
  await terminal.shows(/The daemon does not answer/);
  await imaged.start();
  assert.equal(await terminal.ended, 0, await terminal.screen());
  await terminal.shows(/succeeded {2}cycle/);
  await terminal.shows(/cycle\.raw {2}1\.0 MiB/);
  const listed = await imagectl(['list', '-l', 'team=infra'], env);
  assert.match(listed.stdout, / succeeded {2}cycle /);
});
