import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeLog } from '../src/api/changes/log.ts';

const life = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('whoever reads as far as there is, whenever it does, reads every change once and in order, or hears of a reset', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constant('read' as const)), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (all) => {
      const log = makeLog(life);
      let told = 0;
      let { place } = log.since(undefined);
      let read = 0;
      for (const step of all) {
        if (step !== 'read') {
          for (let n = 0; n < step; n++) log.append({ type: 'removed', build_id: String((told += 1)) });
          continue;
        }
        const { changes, place: next } = log.since(place);
        const [first] = changes;
        if (first?.value.type === 'reset') assert.ok(told - read > 1000 && changes.length === 1);
        else
          assert.deepEqual(
            changes.map(({ value }) => Number(value.build_id)),
            Array.from({ length: told - read }, (_, at) => read + at + 1),
          );
        read = told;
        place = next;
      }
    }),
  );
});

test('a place of another life, of the future or of nothing leads to a reset', () => {
  const log = makeLog(life);
  log.append({ type: 'removed', build_id: 'a' });
  for (const place of [undefined, `${life}-9`, '01ARZ3NDEKTSV4RRFFQ69G5FAA-0', `${life}-x`])
    assert.deepEqual(
      log.since(place).changes.map(({ value }) => value.type),
      ['reset'],
    );
  assert.equal(log.since(`${life}-0`).changes.length, 1);
  assert.equal(log.since(`${life}-1`).changes.length, 0);
});
