import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startImaged } from './fixtures/imaged.ts';

test('a host whose disk has no more than its reserve takes nothing that it would have to keep', async () => {
  await using imaged = await startImaged({
    tables: '[hypervisor.qemu]\naccelerator = "tcg"\n[capacity]\ndisk_reserve = "60T"',
  });
  const template = { name: 'x', machine: { memory: '64M' } };
  const send = async (method: string, path: string, type: string, body: string) =>
    (await imaged.call(path, { method, headers: { 'content-type': type }, body })).status;
  assert.equal(await send('POST', '/builds', 'application/json', JSON.stringify({ template })), 507);
  assert.equal(await send('POST', '/builds', 'application/x-tar', 'no archive'), 507);
  assert.equal(await send('PUT', '/templates/x', 'application/json', JSON.stringify(template)), 507);
});
