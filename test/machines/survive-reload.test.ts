import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { guest, imagedProgram, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { cycle, payload } from '../fixtures/quick-templates.ts';

const run = promisify(execFile);
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const Refused = z.object({ code: z.number(), stderr: z.string() });

/** Waits until the daemon has logged the text after line number `after`. */
const logged = async (imaged: Imaged, text: string, after: number): Promise<void> => {
  while (
    !imaged
      .lines()
      .slice(after)
      .some((line) => line.includes(text))
  )
    await sleep(10);
};

const hangUp = async (imaged: Imaged, change: (text: string) => string, answer: string): Promise<void> => {
  const file = join(imaged.folder, 'imaged.toml');
  await writeFile(file, change(await readFile(file, 'utf8')));
  const before = imaged.lines().length;
  process.kill(imaged.pid(), 'SIGHUP');
  await logged(imaged, answer, before);
};

const judge = async (imaged: Imaged, template: object): Promise<number> => {
  const reply = await imaged.call('/builds?validate=true', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template }),
  });
  return reply.status;
};

test('SIGHUP reads media, log level and retention again, and a broken file changes nothing', async () => {
  await using imaged = await startImaged({ tables });
  const template = await cycle({ http: { payload: { content: payload }, other: { file: 'media:other/append.fast' } } });
  assert.equal(await judge(imaged, template), 422);

  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { id } = await imaged.post({ template: await cycle() });
    await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    await imaged.ended(id);
    ids.push(id);
  }
  const withMedium = (text: string) =>
    `log_level = "error"\n${text.replace('[media]', `[media]\nother = ${JSON.stringify(guest)}`)}\n[retention]\nkeep = 2\n`;
  const file = join(imaged.folder, 'imaged.toml');
  await writeFile(file, withMedium(await readFile(file, 'utf8')));
  process.kill(imaged.pid(), 'SIGHUP');
  while ((await judge(imaged, template)) !== 200) await sleep(10);

  const quiet = imaged.lines().length;
  const { id } = await imaged.post({ template });
  assert.equal((await imaged.ended(id)).status, 'succeeded');
  assert.deepEqual(imaged.lines().slice(quiet), [], 'nothing below an error is logged now');
  const statuses = async () => Promise.all(ids.map(async (old) => (await imaged.call(`/builds/${old}`)).status));
  while ((await statuses()).join() !== '404,404,200') await sleep(10);

  await hangUp(
    imaged,
    (text) => text.replace('log_level = "error"', 'log_level = "loud"'),
    'the configuration stays as it was',
  );
  assert.equal(await judge(imaged, template), 200);
  await hangUp(imaged, (text) => `${text.replace('"loud"', '"info"')}\n[media`, 'the configuration stays as it was');
  assert.equal(await judge(imaged, template), 200);
});

test('a second daemon on the same data_dir is refused in one line, and the first goes on', async () => {
  await using imaged = await startImaged({ tables });
  const refused = await run(process.execPath, [imagedProgram, 'serve', '-f', join(imaged.folder, 'imaged.toml')]).then(
    () => assert.fail('it runs'),
    (error: unknown) => Refused.parse(error),
  );
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^imaged: .* is in use by another imaged\. [^\n]*\n$/);
  const { id } = await imaged.post({ template: await cycle() });
  assert.equal((await imaged.ended(id)).status, 'succeeded');
});
