import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import { familyOf, statusOf, type Status } from '../fixtures/processes.ts';
import { logIn, payload, visit } from '../fixtures/quick-templates.ts';

const isRoot = process.getuid?.() === 0;
// Nobody's, which has an entry in passwd(5): ssh(1) does not run as a user without a name.
const user = isRoot ? 65534 : process.getuid?.();

/** All processes of the daemon that were there at any moment until `work` was done, by program. */
const seenDuring = async (imaged: Imaged, work: Promise<unknown>): Promise<ReadonlyMap<string, readonly Status[]>> => {
  const seen = new Map<string, Status[]>();
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone)
    for (const status of await Promise.all((await familyOf(imaged.pid())).map(statusOf)))
      if (status !== undefined) seen.set(status.name, [...(seen.get(status.name) ?? []), status]);
  await done;
  return seen;
};

/** All files below the folder that belong to another user. */
const foreignBelow = async (folder: string): Promise<string[]> => {
  const paths = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  const owners = await Promise.all(paths.map(async (path) => ({ path, uid: (await stat(path)).uid })));
  return owners.filter(({ uid }) => uid !== user).map(({ path }) => path);
};

test('an ordinary user takes a build from POST to artifact, and no process of it has any right of root', async (t) => {
  await using imaged = await startImaged({
    settings: 'workers = 1',
    tables: '[hypervisor.qemu]\naccelerator = "tcg"',
    ...(isRoot && user !== undefined ? { user } : {}),
  });
  const fetch = `wget -qO /tmp/payload {{ http_url }}/payload`;
  const console = [...logIn, { hear: '# $', say: `udhcpc -q -n -i eth0 -s /lib/dhcp; ${fetch}` }, { hear: '# $' }];
  const template = visit({ http: { payload: { content: payload } }, install: { console, ends: 'never' } });
  const { id } = await imaged.post({ template });
  const ended = imaged.ended(id);
  const seen = await seenDuring(imaged, ended);
  assert.equal((await ended).status, 'succeeded', JSON.stringify((await ended).fault));
  const [digest = ''] = await provePublished(imaged, id);
  const reply = await imaged.call(`/builds/${id}/artifacts/visit.qcow2`);
  const bytes = Buffer.from(await reply.arrayBuffer());
  assert.equal(createHash('sha256').update(bytes).digest('hex'), digest);

  // The others are over within some milliseconds; what they wrote is looked at below.
  for (const name of ['qemu-system-x86', 'ssh']) assert.ok(seen.has(name), `${name} is not among ${[...seen.keys()].join()}`); // prettier-ignore
  const own = [String(user), String(user), String(user), String(user)];
  for (const { users, groups, capabilities, name } of [...seen.values()].flat()) {
    assert.deepEqual(users, own, name);
    if (isRoot) assert.deepEqual(groups, own, name);
    assert.deepEqual(capabilities, ['0000000000000000', '0000000000000000'], name);
  }
  assert.deepEqual(await foreignBelow(imaged.dataDir), []);
  await proveNothingLeft(imaged);
  t.diagnostic(`as user ${user}: ${[...seen].map(([name, all]) => `${name} seen ${all.length} times`).join(', ')}`);
});
