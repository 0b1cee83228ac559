import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { startImaged } from './fixtures/imaged.ts';
import { cycle } from './fixtures/quick-templates.ts';
import { webhookReceiver } from './webhook-receiver.ts';

const json = { 'content-type': 'application/json' };

test('a daemon tells the webhook of its configuration, signed, of a build that a schedule has started', async () => {
  await using receiver = await webhookReceiver();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-webhooks-'));
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, 'a text of more than sixteen characters\n', { mode: 0o600 });
  const tables = [
    `[destinations]\nhosts = ["127.0.0.1:${receiver.port}"]`,
    `[[notify.webhooks]]\nurl = "${receiver.url}"\nevents = ["build.cancelled"]\nsecret_file = "${secretFile}"`,
  ].join('\n');
  await using imaged = await startImaged({ tables });
  const put = (path: string, body: object) =>
    imaged.call(path, { method: 'PUT', headers: json, body: JSON.stringify(body) });
  assert.equal((await put('/templates/site', await cycle())).status, 201);
  assert.equal((await put('/schedules/nightly', { template: 'site', cron: '@daily', paused: true })).status, 201);
  const started = await imaged.call('/schedules/nightly/run', { method: 'POST' });
  assert.equal(started.status, 201);
  const { id } = z.looseObject({ id: z.string() }).parse(await started.json());
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  await receiver.untilReceived(1);
  const [told] = receiver.received;
  const body = z.looseObject({ data: z.looseObject({ build: z.looseObject({ id: z.string(), status: z.string() }) }) });
  const { build } = body.parse(JSON.parse(told?.body ?? '')).data;
  assert.deepEqual([build.id, build.status], [id, 'cancelled']);
  assert.match(String(told?.headers['webhook-signature']), /^v1,/);
  await rm(folder, { recursive: true });
});

test('a secret that other users may read keeps the daemon from starting, with a word of what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-webhooks-'));
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, 'a text of more than sixteen characters\n', { mode: 0o644 });
  const tables = `[[notify.webhooks]]\nurl = "https://ci.example.org/"\nsecret_file = "${secretFile}"`;
  await assert.rejects(startImaged({ tables }), /can be read by other users: chmod 600 it/);
  await rm(folder, { recursive: true });
});
