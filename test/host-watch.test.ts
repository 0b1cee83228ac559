import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, type Clock } from '../src/base/clock.ts';
import { askHost } from '../src/host/ask-host.ts';
import type { Finding } from '../src/host/types.ts';
import { watchHost } from '../src/host/watch-host.ts';
import { deferred } from '../src/base/waiting.ts';
import { hostShop } from './host-shop.ts';

const { signal } = new AbortController();
const well: readonly Finding[] = [{ name: 'vmd', state: 'ok', message: 'answers' }];
const ill: readonly Finding[] = [{ name: 'vmd', state: 'fail', message: 'is silent' }];

test('a vmctl that hangs is a vmd that does not answer, and keeps nobody else waiting', async () => {
  // exec: what is killed is what hangs. It takes no notice of SIGTERM.
  await using shop = await hostShop('openbsd', { programs: { vmctl: "trap '' TERM\nexec /bin/sleep 60" } });
  const began = systemClock.elapsed();
  const findings = await shop.findings();
  assert.ok(systemClock.elapsed() - began < 4_000, 'it took longer than a program may');
  const states = Object.fromEntries(findings.map(({ name, state }) => [name, state]));
  assert.deepEqual([states['vmd'], states['template'], states['vmm'], states['disk']], ['fail', 'ok', 'ok', 'ok']);
  assert.match(findings.find(({ name }) => name === 'vmd')?.message ?? '', /vmctl did not answer within 1 s/);
});

test('a question that never answers is a warning when its time is over', async () => {
  await using shop = await hostShop('linux');
  const never = { name: 'never', ask: () => new Promise<never>(() => undefined) };
  const findings = await askHost([never], shop.asked, systemClock, signal, 20);
  assert.deepEqual(findings, [
    { name: 'never', state: 'warn', message: 'cannot be told: there was no answer within 0.02 s' },
  ]);
});

test('whoever stops asking gets the reason, not findings', async () => {
  await using shop = await hostShop('linux');
  const stop = new AbortController();
  const asking = askHost(
    [{ name: 'never', ask: () => new Promise<never>(() => undefined) }],
    shop.asked,
    systemClock,
    stop.signal,
  );
  stop.abort(new Error('enough'));
  await assert.rejects(asking, /enough/);
});

test('the first who asks what is known is not kept waiting, and the next one knows', async () => {
  const first = deferred<readonly Finding[]>();
  let asked = 0;
  const watch = watchHost({ ask: () => (asked++, first.promise), clock: systemClock, life: signal });
  assert.match((await watch.known(signal))[0]?.message ?? '', /for the first time/);
  const whole = watch.whole(signal);
  first.resolve(well);
  assert.equal(await whole, well);
  assert.equal(await watch.known(signal), well);
  assert.equal(asked, 1);
});

test('the first look begins after its asker was answered, also where nobody asks again; not at all when the daemon ends', async () => {
  const begun = deferred<undefined>();
  const watch = watchHost({
    ask: () => (begun.resolve(undefined), Promise.resolve(well)),
    clock: systemClock,
    life: signal,
  });
  let isBegun = false;
  void begun.promise.then(() => (isBegun = true));
  await watch.known(signal);
  assert.equal(isBegun, false);
  await begun.promise;
  assert.equal(await watch.whole(signal), well);

  const life = new AbortController();
  const naps: Promise<void>[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, until) => {
      const nap = systemClock.sleep(ms, until);
      naps.push(nap);
      return nap;
    },
  };
  const ended = watchHost({ ask: () => assert.fail('asked though it ended'), clock, life: life.signal });
  await ended.known(signal);
  life.abort(new Error('ends'));
  await assert.rejects(Promise.all(naps), /ends/);
  assert.equal(naps.length, 1);
});

test('what is old is asked again, once for all who ask, and serves until there is an answer', async () => {
  const second = deferred<readonly Finding[]>();
  const answers = [Promise.resolve(well), second.promise];
  let asked = 0;
  const watch = watchHost({
    ask: () => answers[asked++] ?? Promise.resolve(ill),
    clock: systemClock,
    life: signal,
    keepMs: 0,
    mostMs: 10,
  });
  assert.equal(await watch.whole(signal), well);
  assert.deepEqual(await Promise.all([watch.known(signal), watch.known(signal)]), [well, well]);
  assert.equal(asked, 2);
  second.resolve(ill);
  assert.equal(await watch.known(signal), ill);
});

test('asking that fails leaves what was known, and is tried again', async () => {
  const answers = [Promise.resolve(well), Promise.reject(new Error('no')), Promise.resolve(ill)];
  for (const answer of answers) answer.catch(() => undefined);
  const watch = watchHost({
    ask: () => answers.shift() ?? Promise.resolve([]),
    clock: systemClock,
    life: signal,
    keepMs: 0,
  });
  assert.equal(await watch.whole(signal), well);
  assert.equal(await watch.known(signal), well);
  assert.equal(await watch.known(signal), ill);
});
