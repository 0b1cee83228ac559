import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeLimits } from '../src/queue/sqlite/open-store.ts';
import { failsAs, storeShop } from './store-shop.ts';

test('a template gets a new version only when it differs from the newest', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const first = await store.putTemplate('openbsd', { a: 1 }, 'd1', 'c1');
  assert.deepEqual(first, {
    version: {
      name: 'openbsd',
      version: 1,
      digest: 'd1',
      document: { a: 1 },
      contextId: 'c1',
      createdAt: shop.clock.time,
    },
    created: true,
  });
  // In one turn of the event loop: the second of two equal ones finds the first.
  const both = await Promise.all([1, 2].map(() => store.putTemplate('openbsd', { a: 2 }, 'd2')));
  assert.deepEqual(
    both.map(({ version, created }) => [version.version, created]),
    [
      [2, true],
      [2, false],
    ],
  );
  const back = await store.putTemplate('openbsd', { a: 1 }, 'd1');
  assert.deepEqual([back.version.version, back.created], [3, true]);
  assert.deepEqual((await store.template('openbsd', 1))?.document, { a: 1 });
  assert.equal((await store.template('openbsd'))?.version, 3);
  assert.equal(await store.template('openbsd', 4), undefined);
  assert.equal(await store.template('plan9'), undefined);
  assert.deepEqual(await store.contexts(), new Set(['c1']));
});

test('templates are listed by name in their newest version, versions newest first, both in pages', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  for (const name of ['b', 'a', 'c']) for (const n of [1, 2, 3]) await store.putTemplate(name, { n }, `d${n}`);
  const one = await store.templates({ limit: 2 });
  assert.deepEqual([one.items.map(({ name, version }) => `${name}${version}`), one.next], [['a3', 'b3'], 'b']);
  const two = await store.templates({ limit: 2, after: 'b' });
  assert.deepEqual([two.items.map(({ name }) => name), two.next], [['c'], undefined]);
  const newest = await store.templateVersions('a', { limit: 2 });
  assert.deepEqual([newest.items.map(({ version }) => version), newest.next], [[3, 2], '2']);
  const oldest = await store.templateVersions('a', { limit: 2, after: '2' });
  assert.deepEqual([oldest.items.map(({ version }) => version), oldest.next], [[1], undefined]);
});

test('of a template the newest versions are kept, and their numbers never come again', async () => {
  await using shop = await storeShop({ limits: { ...storeLimits, templateVersions: 3 } });
  const { store } = shop;
  await store.putTemplate('other', {}, 'd');
  for (let n = 1; n <= 5; n++) await store.putTemplate('openbsd', { n }, `d${n}`, `c${n}`);
  const { items } = await store.templateVersions('openbsd', { limit: 10 });
  assert.deepEqual(
    items.map(({ version }) => version),
    [5, 4, 3],
  );
  assert.deepEqual([...(await store.contexts())].toSorted(), ['c3', 'c4', 'c5']);
  assert.equal((await store.template('other'))?.version, 1);
});

test('a new name is refused where there are as many templates as are kept, and taken when one was deleted', async () => {
  await using shop = await storeShop({ limits: { ...storeLimits, templates: 2 } });
  const { store } = shop;
  await store.putTemplate('a', {}, 'd');
  await store.putTemplate('b', {}, 'd');
  await assert.rejects(store.putTemplate('c', {}, 'd'), failsAs('templates_full'));
  assert.equal((await store.putTemplate('b', {}, 'd2')).version.version, 2);
  assert.equal(await store.removeTemplate('b'), true);
  assert.equal(await store.removeTemplate('b'), false);
  assert.equal(await store.template('b'), undefined);
  assert.equal((await store.putTemplate('c', {}, 'd')).created, true);
});
