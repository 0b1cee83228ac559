import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cycleByScript, makeGoods } from '../../script/benchmark/cycle.ts';

test('the bare script that the benchmark holds imaged against does its work', async ({ signal }) => {
  await using goods = await makeGoods(signal);
  assert.ok((await cycleByScript(goods, 0, signal)) > 0);
});
