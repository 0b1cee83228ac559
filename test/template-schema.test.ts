import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { durationOf, sizeMbOf } from '../src/base/units.ts';
import { templateJsonSchema } from '../src/template/document/json-schema.ts';
import { apiShop } from './api-shop.ts';
import { runs } from './fixtures/long.ts';

const example = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../examples/${name}/template.json`, import.meta.url), 'utf8'));

const schema = templateJsonSchema();
const judge = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

test('the published schema takes every example, and points at a key that is misspelt', async () => {
  for (const name of ['tiny-linux', 'openbsd', 'openbsd-site', 'several-machines'])
    assert.ok(judge(await example(name)), `${name}: ${JSON.stringify(judge.errors)}`);
  assert.ok(!judge({ name: 'x', machine: { memroy: '1G' } }));
  assert.deepEqual(
    judge.errors?.map(({ instancePath, params }) => [instancePath, String(params['additionalProperty'])]),
    [['/machine', 'memroy']],
  );
});

test('the published schema takes null where it takes a key away, placeholders, and no size or duration of another form', () => {
  for (const good of [
    { machines: { a: { timeout: null, machine: { cdrom: null }, communicator: { type: 'ssh', port: null } } } },
    { extends: 'base', shutdown: null, machine: { memory: null } },
    { machine: { memory: '{{ mb }}M', disks: [{ size: 512 }, { size: ' 1.5 GiB' }] }, timeout: '1h30m' },
    { timeout: '90', provisioners: [{ type: 'shell', inline: ['true'], pause_before: '{{ pause }}' }] },
  ])
    assert.ok(judge(good), `${JSON.stringify(good)}: ${JSON.stringify(judge.errors)}`);
  for (const bad of [
    { timeout: 'soon' },
    { machine: { memory: '256Q' } },
    { machine: { disks: [{ size: '-1G' }] } },
    { machine: { disks: [null] } },
  ])
    assert.ok(!judge(bad), JSON.stringify(bad));
});

const isTaken = (read: (text: string) => unknown, text: string): boolean => {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
};

test('the published schema takes every size and duration that a template may have', () => {
  const unit = fc.constantFrom(...'0123.gMBik hsmnµu-+'.split(''));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 6 }), (text) => {
      if (isTaken(sizeMbOf, text)) assert.ok(judge({ machine: { memory: text } }), text);
      if (isTaken(durationOf, text)) assert.ok(judge({ timeout: text }), text);
    }),
    runs(6000),
  );
});

test('GET /template.schema.json gives it to whoever asks', async () => {
  await using shop = await apiShop({ templateSchema: templateJsonSchema });
  const reply = await shop.ask({ url: '/template.schema.json' });
  assert.equal(reply.statusCode, 200);
  assert.match(String(reply.headers['content-type']), /^application\/schema\+json/);
  assert.deepEqual(reply.json(), schema);
});
