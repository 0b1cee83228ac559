import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { templateJsonSchema } from '../src/template/document/json-schema.ts';
import { apiShop } from './api-shop.ts';

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

test('GET /template.schema.json gives it to whoever asks', async () => {
  await using shop = await apiShop({ templateSchema: templateJsonSchema });
  const reply = await shop.ask({ url: '/template.schema.json' });
  assert.equal(reply.statusCode, 200);
  assert.match(String(reply.headers['content-type']), /^application\/schema\+json/);
  assert.deepEqual(reply.json(), schema);
});
