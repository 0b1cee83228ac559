import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshenScript } from '../src/guest/freshen.ts';
import { renewIdentityScript } from '../src/guest/renew-identity.ts';
import { reseedProgram } from '../src/guest/reseed-linux.ts';
import { asRoot } from '../src/guest/seal.ts';

// 9 September 2001, 01:46:40 UTC.
const fresh = { now: 1_000_000_000_250, random: Buffer.from('00ff2724605c', 'hex') };

test('the time is given in the words of each date(1), and random bytes as digits that no shell reads anything into', () => {
  const script = freshenScript(fresh);
  assert.match(script, /^ {2}\*BSD \| DragonFly\) date=200109090146\.40 ;;$/m);
  assert.match(script, /^ {2}\*\) date=090901462001\.40 ;;$/m);
  assert.match(script, /date -u -s @1000000000\.250 /);
  assert.match(script, /^seed=00ff2724605c$/m);
});

const shells = [['sh'], ['busybox', 'sh'], ['mksh'], ['ksh'], ['bash']].filter(
  ([program = '', ...args]) => spawnSync(program, [...args, '-c', 'true']).status === 0,
);

for (const [program = '', ...args] of shells)
  test(`what freshens a guest, and what renews its identity, is read without an error by ${[program, ...args].join(' ')}`, () => {
    for (const script of [freshenScript(fresh), renewIdentityScript])
      for (const input of [script, asRoot(script)]) {
        const { status, stderr } = spawnSync(program, [...args, '-n'], { input, encoding: 'utf8' });
        // ksh93 gives advice of style besides.
        const wrong = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('ksh: warning: '));
        assert.deepEqual([status, wrong], [0, []]);
      }
  });

const isHere = process.platform === 'linux' && process.arch === 'x64';

test(
  'the program that has Linux draw random numbers anew opens the device, and asks it',
  { skip: !isHere && 'it is for Linux on x86-64' },
  (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'reseed-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const program = join(folder, 'run');
    writeFileSync(program, reseedProgram(), { mode: 0o700 });
    const { status, signal } = spawnSync(program);
    // EPERM where the test has not the rights of root.
    assert.ok(signal === null && (status === 0 || status === 1), `${status} ${signal}`);
  },
);
