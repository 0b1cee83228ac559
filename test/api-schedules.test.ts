import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';

const template = {
  name: 'site',
  variables: { password: { sensitive: true, default: '' }, release: { default: '7.9' } },
  machine: { memory: '64M', disks: [{ size: '1M' }], cdrom: 'media:shop/boot.iso' },
};

const nightly = {
  template: 'site',
  cron: '30 2 * * *',
  time_zone: 'Europe/Berlin',
  variables: { password: 'hunter22' },
};

const Wrong = z.object({ errors: z.array(z.object({ pointer: z.string(), message: z.string() })) });

const shopWithTemplate = async (): Promise<ApiShop> => {
  const shop = await admittingShop();
  const reply = await shop.ask({ method: 'PUT', url: '/templates/site', payload: template, headers: shop.auth });
  assert.equal(reply.statusCode, 201, reply.body);
  return shop;
};

const put = (shop: ApiShop, payload: object, name = 'nightly') =>
  shop.ask({ method: 'PUT', url: `/schedules/${name}`, payload, headers: shop.auth });

const get = (shop: ApiShop, url: string) => shop.ask({ url, headers: shop.auth });

test('a schedule is stored, shown with its next time and without what is sensitive, replaced and forgotten', async () => {
  await using shop = await shopWithTemplate();
  const made = await put(shop, nightly);
  assert.equal(made.statusCode, 201, made.body);
  assert.equal(made.headers['location'], '/schedules/nightly');
  const shown = z.looseObject({ next_at: z.string(), skip_unchanged: z.boolean(), runs: z.array(z.unknown()) }).parse((await get(shop, '/schedules/nightly')).json()); // prettier-ignore
  assert.match(shown.next_at, /T0[01]:30:00\.000Z$/);
  assert.deepEqual([shown.skip_unchanged, shown.runs], [true, []]);
  for (const path of ['/schedules', '/schedules/nightly']) {
    const { body } = await get(shop, path);
    assert.ok(!body.includes('hunter22') && body.includes('<sensitive>'), body);
  }
  const replaced = await put(shop, { ...nightly, paused: true });
  assert.equal(replaced.statusCode, 200);
  assert.equal(z.looseObject({ next_at: z.string().optional() }).parse(replaced.json()).next_at, undefined);
  const gone = await shop.ask({ method: 'DELETE', url: '/schedules/nightly', headers: shop.auth });
  assert.equal(gone.statusCode, 204);
  assert.equal((await get(shop, '/schedules/nightly')).statusCode, 404);
});

test('a build that is started by hand has the label of its schedule, and stands in its record', async () => {
  await using shop = await shopWithTemplate();
  await put(shop, { ...nightly, paused: true, labels: { team: 'infra' } });
  const reply = await shop.ask({ method: 'POST', url: '/schedules/nightly/run', headers: shop.auth });
  assert.equal(reply.statusCode, 201, reply.body);
  const build = z.looseObject({ id: z.string(), labels: z.record(z.string(), z.string()) }).parse(reply.json());
  assert.deepEqual(build.labels, { team: 'infra', schedule: 'nightly' });
  const { runs } = z.looseObject({ runs: z.array(z.looseObject({})) }).parse((await get(shop, '/schedules/nightly')).json()); // prettier-ignore
  assert.deepEqual(runs.map(({ outcome, build: id, by }) => [outcome, id, by]), [['started', build.id, 'a test']]); // prettier-ignore
  assert.equal((await shop.ask({ method: 'POST', url: '/schedules/other/run', headers: shop.auth })).statusCode, 404);
});

test('a schedule that cannot be is refused at its place', async () => {
  await using shop = await shopWithTemplate();
  const wrong = async (change: object) => {
    const reply = await put(shop, { ...nightly, ...change });
    assert.ok(reply.statusCode === 400 || reply.statusCode === 422, reply.body);
    return Wrong.parse(reply.json()).errors.map(({ pointer }) => pointer);
  };
  assert.deepEqual(await wrong({ cron: 'every night' }), ['/cron']);
  assert.deepEqual(await wrong({ cron: '0 0 30 2 *' }), ['/cron']);
  assert.deepEqual(await wrong({ time_zone: 'Mars/Olympus' }), ['/time_zone']);
  assert.deepEqual(await wrong({ labels: { schedule: 'mine' } }), ['/labels/schedule']);
  assert.deepEqual(await wrong({ variables: { colour: 'blue' } }), ['/variables/colour']);
  assert.deepEqual(await wrong({ template: { name: 'site' } }), ['/template']);
  assert.equal((await put(shop, { ...nightly, template: 'none' })).statusCode, 422);
  const reader = await shop.token(['builds:read']);
  const refused = await shop.ask({
    method: 'PUT',
    url: '/schedules/x',
    payload: nightly,
    headers: { authorization: reader.authorization },
  });
  assert.equal(refused.statusCode, 403);
});
