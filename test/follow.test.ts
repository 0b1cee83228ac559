import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, type NextPiece } from '../src/api/following/follow.ts';

/** What is followed, by hand: each read waits until it is answered. */
const followed = () => {
  const reads: { readonly give: (next: NextPiece<string>) => void; readonly fail: (error: Error) => void }[] = [];
  let ring: () => void = () => assert.fail('it was not opened');
  let [opened, closed] = [0, 0];
  return {
    reads,
    ring: () => ring(),
    counts: () => ({ opened, closed }),
    open: (own: () => void) => {
      opened += 1;
      ring = own;
      return {
        next: () => new Promise<NextPiece<string>>((give, fail) => void reads.push({ give, fail })),
        [Symbol.asyncDispose]: async () => void (closed += 1),
      };
    },
  };
};

const part = (text: string, isLast = false): NextPiece<string> => ({ part: text, isAll: true, isLast });
const nothing = (isLast = false): NextPiece<string> => ({ part: undefined, isAll: true, isLast });
const over = { done: true, value: undefined };
const tick = () => new Promise((resolve) => setImmediate(resolve));

test('a ring that comes while a part is read, or while none is asked for, is not lost', async () => {
  const { open, reads, ring, counts } = followed();
  const parts = follow(open, new AbortController().signal);
  assert.deepEqual(counts(), { opened: 0, closed: 0 });
  const first = parts.next();
  ring();
  reads[0]?.give(nothing());
  await tick();
  assert.equal(reads.length, 2);
  reads[1]?.give(part('one'));
  assert.deepEqual(await first, { done: false, value: 'one' });
  ring();
  const second = parts.next();
  assert.equal(reads.length, 3);
  reads[2]?.give({ ...part('two'), isAll: false });
  assert.deepEqual(await second, { done: false, value: 'two' });
  // There was more than it gave: it is read again without a ring, and then not before one.
  const third = parts.next();
  reads[3]?.give(nothing());
  await tick();
  assert.equal(reads.length, 4);
  ring();
  reads[4]?.give(part('three', true));
  assert.deepEqual(await third, { done: false, value: 'three' });
  assert.deepEqual(await parts.next(), over);
  assert.deepEqual(await parts.next(), over);
  assert.equal(reads.length, 5);
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
});

test('an abort ends the wait and lets it go; one that came before opens nothing', async () => {
  const gone = new AbortController();
  const { open, reads, counts } = followed();
  const parts = follow(open, gone.signal);
  const waiting = parts.next();
  reads[0]?.give(nothing());
  await tick();
  gone.abort();
  assert.deepEqual(await waiting, over);
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
  assert.deepEqual(await follow(open, gone.signal).next(), over);
  assert.equal(counts().opened, 1);
});

test('a part that was being read when the signal aborts is still given', async () => {
  const gone = new AbortController();
  const { open, reads, counts } = followed();
  const parts = follow(open, gone.signal);
  const waiting = parts.next();
  gone.abort();
  reads[0]?.give({ ...part('last words'), isAll: false });
  assert.deepEqual(await waiting, { done: false, value: 'last words' });
  assert.deepEqual(await parts.next(), over);
  assert.equal(reads.length, 1);
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
});

test('what fails is told once, and lets it go', async () => {
  const { open, reads, counts } = followed();
  const parts = follow(open, new AbortController().signal);
  const waiting = parts.next();
  reads[0]?.fail(new Error('the disk is gone'));
  await assert.rejects(waiting, /the disk is gone/);
  assert.deepEqual(await parts.next(), over);
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
  const unopened = follow<string>(() => {
    throw new Error('cannot be opened');
  }, new AbortController().signal);
  await assert.rejects(unopened.next(), /cannot be opened/);
  assert.deepEqual(await unopened.next(), over);
});

test('who leaves the loop ends what is asked for, and what is read then is nobody’s', async () => {
  const { open, reads, ring, counts } = followed();
  const parts = follow(open, new AbortController().signal);
  const waiting = parts.next();
  assert.deepEqual(await parts.return?.(), over);
  assert.deepEqual(await waiting, over);
  reads[0]?.give(part('too late'));
  await tick();
  ring();
  assert.equal(reads.length, 1);
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
});
