import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest } from '../fixtures/quick-templates.ts';

const tcg = '[hypervisor.qemu]\naccelerator = "tcg"';

const Listed = z.object({ items: z.array(z.object({ name: z.string(), sha256: z.string(), href: z.string() })) });

const artifactsOf = async (imaged: Imaged, id: string) =>
  Listed.parse(await (await imaged.call(`/builds/${id}/artifacts`)).json()).items;

const say = '{{ http_url }}/payload';
const artifacts = [{ name: 'kept.raw', format: 'raw', on_failure: true }, { name: 'not-kept.qcow2' }];

/** The disk is written, and what is awaited then never comes. */
const failing = (awaited: object[], change: object = {}) =>
  cycle({ install: { console: [{ hear: 'cycle# $', say }, ...awaited], ends: 'halt' }, artifacts, ...change });

test('a build that has failed publishes the disks that its template wants then, and no other file', async () => {
  await using imaged = await startImaged({ tables: tcg });
  const { id } = await imaged.post({ template: await failing([{ hear: 'never', within: '1m' }]) });
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.fault?.code], ['failed', 'guest_halted']);
  const listed = await artifactsOf(imaged, id);
  assert.deepEqual(
    listed.map(({ name, sha256 }) => ({ name, sha256 })),
    [{ name: 'kept.raw', sha256: cycleDigest }],
  );
  assert.equal((await imaged.call(listed[0]?.href ?? '')).status, 200);
  assert.equal((await imaged.call(`/builds/${id}/result`)).status, 409);
  await proveNothingLeft(imaged);
});

test('the time of a build may be over: then the power of its machine is cut and its disk published', async () => {
  await using imaged = await startImaged({ tables: tcg });
  const template = await cycle({
    install: { console: [{ hear: 'cycle# $' }, { hear: 'never', within: '1m' }], ends: 'halt' },
    artifacts,
  });
  const { id } = await imaged.post({ template, timeout: '12s' });
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.fault?.code], ['failed', 'build_timeout']);
  assert.deepEqual(
    (await artifactsOf(imaged, id)).map(({ name }) => name),
    ['kept.raw'],
  );
  await proveNothingLeft(imaged);
});

test('a build that was cancelled publishes nothing', async () => {
  await using imaged = await startImaged({ tables: tcg });
  const { id } = await imaged.post({ template: await failing([{ hear: 'cycle done' }, { hear: 'never' }]) });
  await imaged.until(id, ({ phase }) => phase === 'installing');
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  assert.equal((await imaged.ended(id)).status, 'cancelled');
  assert.deepEqual(await artifactsOf(imaged, id), []);
});
