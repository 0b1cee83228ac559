import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ofRightKind } from '../src/base/document/zod-words.ts';

const said = (schema: z.ZodType, value: unknown): string => schema.safeParse(value).error?.issues[0]?.message ?? '';

test('what zod finds wrong is said in words that name what was found and what is allowed', () => {
  assert.equal(said(z.string(), 3), 'must be a text, and is a number');
  assert.equal(said(z.int(), 1.5), 'must be a whole number, and is a number');
  assert.equal(said(z.array(z.string()), { a: 1 }), 'must be a list, and is an object');
  assert.equal(said(z.object({}), null), 'must be an object, and is null');
  assert.equal(said(z.string(), undefined), 'is missing: it must be a text');
  assert.equal(said(z.enum(['a', 'b']), 'c'), 'must be one of "a", "b"');
  assert.equal(said(z.literal(true), 'c'), 'must be true');
  assert.equal(said(z.string().max(3), 'long'), 'must have at most 3 characters');
  assert.equal(said(z.array(z.string()).min(1), []), 'must have at least 1 entry');
  assert.equal(said(z.int().min(1), 0), 'must be at least 1');
  assert.equal(said(z.number().lt(3), 3), 'must be less than 3');
  assert.equal(said(z.union([z.literal('a'), z.strictObject({})]), 4), 'has none of the forms that it may have');
  assert.equal(said(z.strictObject({}), { b: 1 }), 'has unknown keys: "b"');
});

test('no answer of zod keeps words of its own', () => {
  const schemas = [z.string(), z.email(), z.url(), z.iso.datetime(), z.set(z.string()), z.map(z.string(), z.string()), z.date(), z.bigint(), z.tuple([z.string()]), z.string().startsWith('x')]; // prettier-ignore
  for (const schema of schemas)
    for (const value of [3, 'y', null, undefined, [], {}, Number.NaN, new Set([1])])
      assert.doesNotMatch(said(schema, value), /Invalid|expected|received|Too |Unrecognized/);
});

test('of a value of the wrong kind only its kind is told, and no length', () => {
  const schema = z.object({ list: z.array(z.string()).max(2), text: z.string().max(2) });
  const { error } = schema.safeParse({ list: 'long', text: 'long' });
  assert.deepEqual(
    ofRightKind(error?.issues ?? []).map(({ message }) => message),
    ['must be a list, and is a text', 'must have at most 2 characters'],
  );
});
