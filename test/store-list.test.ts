import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ulid } from 'ulid';
import type { Status } from '../src/base/records/status.ts';
import type { BuildFilter } from '../src/queue/records.ts';
import type { NewBuild } from '../src/queue/asked.ts';
import type { EndedBuild } from '../src/queue/rules/retention.ts';
import type { Store } from '../src/queue/store.ts';
import { aBuild, aFault, claimed, storeShop } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

const pagesOf = async (store: Store, filter: BuildFilter, limit: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(filter, { limit, ...(after === undefined ? {} : { after }) });
    assert.ok(page.items.length <= limit);
    ids.push(...page.items.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
};

test('any filter gives exactly the builds that match, newest first, whatever the size of the page', async () => {
  await using shop = await storeShop();
  const epoch = 1_700_000_000_000;
  const builds: (NewBuild & { status: Status; at: number })[] = [];
  for (let n = 0; n < 60; n++) {
    const at = epoch + n * 1000;
    const labels = { ...(n % 2 ? { os: 'openbsd' } : { os: 'linux' }), ...(n % 3 ? {} : { nightly: 'yes' }) };
    const build = aBuild({ id: ulid(at), templateName: n % 5 ? 'base' : 'web', labels });
    await shop.store.add(build);
    const status = (['failed', 'cancelled', 'queued'] as const)[n % 3] ?? 'queued';
    if (status === 'cancelled') await shop.store.cancel(build.id);
    if (status === 'failed') {
      // The head of the queue is the oldest build, so what was queued before is out of the way by its priority.
      const failing = aBuild({ ...build, id: ulid(at), priority: 1 });
      await shop.store.cancel(build.id);
      await shop.store.remove(build.id);
      await shop.store.add(failing);
      const { token } = await claimed(shop.store);
      await shop.store.finish(failing.id, token, { status: 'failed', fault: aFault('internal') });
      builds.push({ ...failing, status, at });
    } else builds.push({ ...build, status, at });
  }
  const matches =
    ({ statuses, template, labels = {}, since = 0 }: BuildFilter) =>
    (build: (typeof builds)[number]) =>
      (statuses === undefined || statuses.includes(build.status)) &&
      (template === undefined || build.templateName === template) &&
      build.at >= since &&
      Object.entries(labels).every(([key, value]) => build.labels[key] === value);

  const filters = fc.record(
    {
      statuses: fc.uniqueArray(fc.constantFrom('queued', 'failed', 'cancelled', 'succeeded', 'running'), {
        minLength: 1,
      }),
      template: fc.constantFrom('base', 'web', 'none'),
      labels: fc.constantFrom({}, { os: 'openbsd' }, { nightly: 'yes', os: 'linux' }, { os: 'plan9' }),
      since: fc.integer({ min: epoch - 1000, max: epoch + 61_000 }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 70 }), async (filter, limit) => {
      const expected = builds.filter(matches(filter)).map(({ id }) => id);
      assert.deepEqual(await pagesOf(shop.store, filter, limit), expected.reverse());
    }),
    runs(300),
  );
});

test('a page goes on where it stopped, although newer builds have come meanwhile', async () => {
  await using shop = await storeShop();
  const [a, b, c, d] = [aBuild(), aBuild(), aBuild(), aBuild()];
  await Promise.all([a, b, c].map((build) => shop.store.add(build)));
  const first = await shop.store.list({}, { limit: 2 });
  assert.deepEqual([first.items.map(({ id }) => id), first.next], [[c.id, b.id], b.id]);
  await shop.store.add(d);
  const second = await shop.store.list({}, { limit: 2, after: b.id });
  assert.deepEqual([second.items.map(({ id }) => id), second.next], [[a.id], undefined]);
});

test('the ended builds come in pages, the newest first, also where several ended in the same moment', async () => {
  await using shop = await storeShop();
  const builds = [aBuild({ labels: { ci: 'x' } }), aBuild(), aBuild(), aBuild(), aBuild()];
  for (const [at, build] of builds.entries()) {
    await shop.store.add(build);
    if (at % 2 === 0) shop.clock.time += 1000;
    await shop.store.cancel(build.id);
  }
  await shop.store.add(aBuild());
  const seen: EndedBuild[] = [];
  for (let before: EndedBuild | undefined; ;) {
    const page = await shop.store.ended({ ...(before === undefined ? {} : { before }), limit: 2 });
    seen.push(...page);
    before = page.at(-1);
    if (before === undefined) break;
  }
  assert.deepEqual(seen.map(({ id }) => id), builds.map(({ id }) => id).reverse()); // prettier-ignore
  const { endedAt, ...first } = seen.at(-1) ?? assert.fail('none came');
  assert.equal(endedAt, shop.clock.time - 2000);
  assert.deepEqual(first, {
    ...{ id: builds[0]?.id, templateName: 'tiny', labels: { ci: 'x' } },
    ...{ hasSucceeded: false, bytes: 0, isKept: false },
  });
});
