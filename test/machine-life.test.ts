import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { followLife, type Ended, type NextState } from '../src/vmm/life.ts';
import { eventBound, makeEventCount } from '../src/vmm/qemu/event-bound.ts';
import { nextOfQemu, sameMs, spawned, type QemuLife, type QemuObservation } from '../src/vmm/qemu/life.ts';
import { nextOfVm, startedVm, type VmLife, type VmObservation } from '../src/vmm/vmd/life.ts';

/** The state after the observation, with the effects behind it: "gone +read-last-words". */
const told = ({ life, effects }: NextState<{ readonly is: string }, string>): string =>
  [life.is, ...effects.map((effect) => `+${effect}`)].join(' ');

const exit = { exitCode: 0, signal: undefined };

const qemuSees = {
  shutdown: { saw: 'shutdown', reason: 'guest-shutdown' },
  reset: { saw: 'reset', atMs: 5_000 },
  'no-room': { saw: 'no-room', disk: 'disk0' },
  flood: { saw: 'flood' },
  plug: { saw: 'plug' },
  closed: { saw: 'closed' },
  exit: { saw: 'exit', exit },
  'last-words': { saw: 'last-words', words: '' },
} as const satisfies Record<QemuObservation['saw'], QemuObservation>;

const { evidence } = spawned as Extract<QemuLife, { is: 'running' }>; // what `spawned` is
const crashed = { is: 'ended', ending: { how: 'crash', detail: 'QEMU ended with exit code 0' } } as const;

const qemuTable: readonly (readonly [QemuLife, Record<QemuObservation['saw'], string>])[] = [
  [
    spawned,
    {
      shutdown: 'running',
      reset: 'running +tell-reboot',
      'no-room': 'running +kill',
      flood: 'running +kill',
      plug: 'running',
      closed: 'unwatched +end-soon',
      exit: 'exited',
      'last-words': 'running',
    },
  ],
  [
    { is: 'unwatched', evidence },
    {
      shutdown: 'unwatched',
      reset: 'unwatched +tell-reboot',
      'no-room': 'unwatched +kill',
      flood: 'unwatched +kill',
      plug: 'unwatched',
      closed: 'unwatched',
      exit: 'gone +read-last-words',
      'last-words': 'unwatched',
    },
  ],
  [
    { is: 'exited', evidence, exit },
    {
      shutdown: 'exited',
      reset: 'exited +tell-reboot',
      'no-room': 'exited',
      flood: 'exited',
      plug: 'exited',
      closed: 'gone +read-last-words',
      exit: 'exited',
      'last-words': 'exited',
    },
  ],
  [
    { is: 'gone', evidence, exit },
    {
      shutdown: 'gone',
      reset: 'gone +tell-reboot',
      'no-room': 'gone',
      flood: 'gone',
      plug: 'gone',
      closed: 'gone',
      exit: 'gone',
      'last-words': 'ended',
    },
  ],
  [
    crashed,
    {
      shutdown: 'ended',
      reset: 'ended',
      'no-room': 'ended',
      flood: 'ended',
      plug: 'ended',
      closed: 'ended',
      exit: 'ended',
      'last-words': 'ended',
    },
  ],
];

test('a guest floods by more events than a bucket of ten thousand holds, of which ten a second leak', () => {
  const event = { event: 'RTC_CHANGE', data: {} };
  const steady = makeEventCount();
  for (let n = 0; n < 100_000; n++) assert.equal(steady({ ...event, atMs: n * 100 }), false, String(n));
  const flooding = makeEventCount();
  const first = Array.from({ length: 20_000 }, (_, n) => n).find((n) => flooding({ ...event, atMs: 1e12 + n }));
  assert.equal(first, Math.ceil(eventBound.atOnce / 0.99) - 1);
  // A clock that is set back lets nothing leak, and nothing is held against the guest.
  const setBack = makeEventCount();
  for (let n = 0; n < eventBound.atOnce; n++) assert.equal(setBack({ ...event, atMs: 1e12 - n }), false);
});

const vmSees = {
  row: { saw: 'row', pid: 7, isStopping: false },
  absence: { saw: 'absence', by: 'itself' },
  ask: { saw: 'ask' },
  refused: { saw: 'refused' },
  plug: { saw: 'plug' },
  'last-words': { saw: 'last-words', tail: '' },
} as const satisfies Record<VmObservation['saw'], VmObservation>;

const kept = { pid: 7, isRestarted: false };
const departure = { by: 'itself', isOurs: false, wasAsked: false, isRestarted: false, wasStopping: false } as const;
const stopping = { ...kept, is: 'stopping', wasAsked: false } as const;

const vmTable: readonly (readonly [VmLife, Record<VmObservation['saw'], string>])[] = [
  [
    startedVm(7, false),
    {
      row: 'running',
      absence: 'gone +hear-last-words',
      ask: 'asked',
      refused: 'running',
      plug: 'unplugged',
      'last-words': 'running',
    },
  ],
  [
    stopping,
    {
      row: 'stopping',
      absence: 'gone +hear-last-words',
      ask: 'stopping',
      refused: 'stopping',
      plug: 'unplugged',
      'last-words': 'stopping',
    },
  ],
  [
    { ...kept, is: 'asked' },
    {
      row: 'asked',
      absence: 'gone +hear-last-words',
      ask: 'asked',
      refused: 'running',
      plug: 'unplugged',
      'last-words': 'asked',
    },
  ],
  [
    { ...kept, is: 'unplugged' },
    {
      row: 'unplugged',
      absence: 'gone +hear-last-words',
      ask: 'unplugged',
      refused: 'unplugged',
      plug: 'unplugged',
      'last-words': 'unplugged',
    },
  ],
  [
    { is: 'gone', departure },
    { row: 'gone', absence: 'gone', ask: 'gone', refused: 'gone', plug: 'gone', 'last-words': 'ended' },
  ],
  [
    { is: 'ended', ending: { how: 'halt', detail: '' } },
    { row: 'ended', absence: 'ended', ask: 'ended', refused: 'ended', plug: 'ended', 'last-words': 'ended' },
  ],
];

test('each observation of QEMU leads in each state to the one that the table names', () => {
  for (const [life, row] of qemuTable)
    for (const see of Object.values(qemuSees))
      assert.equal(told(nextOfQemu(life, see)), row[see.saw], `${see.saw} while ${life.is}`);
});

test('each observation of vmd leads in each state to the one that the table names', () => {
  for (const [life, row] of vmTable)
    for (const see of Object.values(vmSees))
      assert.equal(told(nextOfVm(life, see)), row[see.saw], `${see.saw} while ${life.is}`);
});

test('a row with another process is a reboot, and one that is stopping without our asking is another’s doing', () => {
  const sees = (life: VmLife, pid: number, isStopping: boolean) =>
    told(nextOfVm(life, { saw: 'row', pid, isStopping }));
  assert.equal(sees(startedVm(7, false), 8, false), 'running +tell-reboot');
  assert.equal(sees(startedVm(7, false), 8, true), 'stopping +tell-reboot');
  assert.equal(sees(startedVm(7, false), 7, true), 'stopping');
  assert.equal(sees({ ...kept, is: 'asked' }, 7, true), 'asked');
  assert.equal(sees({ ...kept, is: 'unplugged' }, 8, true), 'unplugged +tell-reboot');
  assert.equal(told(nextOfVm(startedVm(7, false), { saw: 'row', pid: undefined, isStopping: false })), 'running');
});

test('a burst of resets is one reboot, and a guest that reboots without end is told at least once a second', () => {
  const times: number[] = [];
  let now = 0;
  const { see } = followLife(spawned, nextOfQemu, (effect) => {
    assert.equal(effect, 'tell-reboot');
    times.push(now);
  });
  for (now of [5000, 5055, 5056, 9000, 9058]) see({ saw: 'reset', atMs: now });
  assert.deepEqual(times, [5000, 9000]);
  for (now = 20_000; now < 20_000 + 10 * sameMs; now += 90) see({ saw: 'reset', atMs: now });
  assert.equal(times.filter((at) => at >= 20_000).length, 10);
});

/** The endings of a life through these observations, one for each time that it had one. */
const endingsAfter = <Life extends { readonly is: string } | Ended, Observation>(
  first: Life,
  next: (life: Life, observation: Observation) => NextState<Life, string>,
  observations: readonly Observation[],
): readonly unknown[] => {
  const endings: unknown[] = [];
  let life = first;
  for (const observation of observations) {
    ({ life } = next(life, observation));
    if ('ending' in life) endings.push(life.ending);
  }
  return endings;
};

/** Any observations, and behind them those by which every life comes to its end. */
const anyLife = <Observation>(sees: Readonly<Record<string, Observation>>, end: readonly Observation[]) =>
  fc.array(fc.constantFrom(...Object.values(sees)), { maxLength: 30 }).map((before) => [...before, ...end]);

const ends = [
  {
    what: 'QEMU',
    endings: anyLife<QemuObservation>({ ...qemuSees, late: { saw: 'shutdown', reason: 'host-signal' } }, [
      qemuSees.closed,
      qemuSees.exit,
      qemuSees['last-words'],
    ]).map((sees) => endingsAfter(spawned, nextOfQemu, sees)),
  },
  {
    what: 'vmd',
    endings: anyLife<VmObservation>(
      {
        ...vmSees,
        reset: { saw: 'row', pid: 8, isStopping: false },
        stopping: { saw: 'row', pid: 7, isStopping: true },
        restarted: { saw: 'absence', by: 'vmd-restarted' },
        halted: { saw: 'last-words', tail: 'syncing disks... done\r\n' },
      },
      [vmSees.absence, vmSees['last-words']],
    ).map((sees) => endingsAfter(startedVm(7, false), nextOfVm, sees)),
  },
];
for (const { what, endings } of ends)
  test(`whatever is seen of a machine of ${what}, it ends, once, and its ending never changes`, () => {
    fc.assert(
      fc.property(endings, (all) => {
        assert.ok(all.length > 0);
        for (const ending of all) assert.equal(ending, all[0]);
      }),
    );
  });

test('a life that is followed settles its end when it has one, and says nothing of it before', async () => {
  const life = followLife(spawned, nextOfQemu, () => undefined);
  let how: string | undefined;
  void life.ended.then((ending) => (how = ending.how));
  for (const see of [qemuSees.shutdown, qemuSees.exit, qemuSees.closed]) life.see(see);
  await new Promise(setImmediate);
  assert.equal(how, undefined);
  life.see(qemuSees['last-words']);
  life.see(qemuSees.shutdown);
  assert.equal((await life.ended).how, 'halt');
});
