import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { systemClock } from '../src/base/clock.ts';
import { linePattern, wholePattern } from '../src/base/pattern/pattern.ts';
import { mostSteps, translatePattern } from '../src/base/pattern/syntax.ts';
import { installerTurns } from '../src/openbsd/installer/turns.ts';
import { atBestProcessorMs } from './fixtures/at-best.ts';
import { consoleOver, signal, turn } from './fixtures/console-desk.ts';
import { guestLine } from './fixtures/console-line.ts';
import { runs } from './fixtures/long.ts';

/** Patterns that people have written: of the examples, of the installer's conversation, and such as Packer's users write. */
const real = (): readonly string[] => {
  const examples = fileURLToPath(new URL('../../examples', import.meta.url));
  const ours = readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => [
      ...readFileSync(join(examples, name), 'utf8').matchAll(/"(?:hear|pattern)": ("(?:[^"\\]|\\.)*")/g),
    ])
    .map(([, text = '']) => String(JSON.parse(text)));
  const installer = installerTurns({
    path: 'install.conf',
    interfaceName: 'vio0',
    timeoutMs: 1,
    takesUnverified: false,
  });
  return [
    ...ours,
    ...installer.flatMap(({ hear = '', refuse }) => [hear, ...refuse]),
    'login: $',
    '# $',
    '^# ?$',
    '[$#>] $',
    '^[a-z0-9-]+ login: $',
    'Password: ?$',
    '(?i)welcome to (alpine|openbsd)',
    'ttyS0.*login:',
    '^\\s*boot>\\s*$',
    '\\(I\\)nstall, \\(U\\)pgrade',
    'written\\r?\\n',
    '\\d+\\+\\d+ records out',
    '^CONGRATULATIONS!',
    'done\\.$',
    '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}',
    'a{2,4}b+?',
    '[^\\r\\n]*error[^\\r\\n]*',
    '\\bok\\b',
    'x|yy|zzz',
    '\\x41\\u0042',
    '^$',
  ];
};

const scraps = ['login: ', '# ', '$ ', 'boot> ', '\r\n', '\n', '\r', ' ', 'error', 'Password:', 'CONGRATULATIONS!', 'ok', 'done.', 'x', 'yy', 'zzz', 'aaab', 'AB', '10+0 records out', 'written', '10.0.2.2', "'/' must be configured!", '(I)nstall, (U)pgrade, (A)utoinstall or (S)hell? ', 'Response file location? [http://x/] ', 'Welcome to OpenBSD', 'é', 'openbsd', 'failed; check /tmp/ai/ai.log', 'Looked at x and found no ', 'ttyS0']; // prettier-ignore

test('RE2 finds what V8 finds, for patterns that people write and in whatever a console shows', () => {
  const patterns = real();
  assert.ok(patterns.length > 45, `only ${patterns.length} patterns were found`);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...scraps), { maxLength: 12 }), fc.nat(5), (parts, start) => {
      const text = parts.join('');
      for (const source of patterns) {
        const pattern = linePattern(source);
        assert.ok(!('why' in pattern), `${source} ${'why' in pattern ? pattern.why : ''}`);
        const isCaseless = source.startsWith('(?i)');
        const expected = new RegExp(source.replace('(?i)', ''), isCaseless ? 'gmsi' : 'gms');
        expected.lastIndex = Math.min(start, text.length);
        const match = expected.exec(text);
        const wanted = match === null ? undefined : { from: match.index, to: match.index + match[0].length };
        assert.deepEqual(
          pattern.find(text, Math.min(start, text.length)),
          wanted,
          `${source} in ${JSON.stringify(text)}`,
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('a value matches as a whole, as V8 has it', () => {
  fc.assert(
    fc.property(fc.constantFrom('[0-9]+[.][0-9]', '^[a-z][a-z0-9-]{0,30}$', 'a|ab', '.*', '(a|b)*c?'), fc.string({ unit: fc.constantFrom('a', 'b', 'c', '7', '.', '-', '\n'), maxLength: 6 }), (source, text) => {
      const pattern = wholePattern(source);
      assert.ok(!('why' in pattern));
      assert.equal(pattern.matches(text), new RegExp(`^(?:${source})$`, 's').test(text));
    }),
  ); // prettier-ignore
});

test('whatever a client writes is a pattern or refused with a reason, and a pattern is as large as was told', () => {
  const part = fc.constantFrom('a', '[ab]', '(', ')', '(?:', '*', '+?', '{3}', '{2,9}', '{5,}', '|', '^', '$', '\\d', '\\pL', '\\Q(', '\\E', '[', ']', '\\', '(?=', '\\1', '(?<n>', '(?i)', '(?P<m>', '.', '{', '}', '\\x{41}', '[^]', '[\\b]', '-', '[z-a]', '(?i:', '𝄞', '\ud800'); // prettier-ignore
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const translated = translatePattern(text, 'lines');
      const pattern = linePattern(text);
      if ('why' in pattern) assert.notEqual(pattern.why, '');
      else {
        assert.ok(!('why' in translated) && pattern.steps <= mostSteps);
        pattern.find('aab(](\r\n', 1);
      }
    }),
    runs(5000),
  );
});

/** The most processor that goes by between two turns of the event loop: whoever works beside this test adds nothing to it. */
const watchLoop = () => {
  let before = process.cpuUsage();
  let mostMs = 0;
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    mostMs = Math.max(mostMs, (user + system) / 1000);
    before = process.cpuUsage();
  };
  const turns = systemClock.every(1, look);
  return () => {
    look();
    turns[Symbol.dispose]();
    return mostMs;
  };
};

/** What it costs to listen for a pattern that never comes: a slow guest first, then one as fast as it is heard. */
const against = async (hear: string) => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const stop = new AbortController();
  const listening = desk.console.converse([turn({ hear, withinMs: 120_000 })], stop.signal);
  let seed = 1;
  const noise = Array.from({ length: 4096 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) & 65_536 ? 'a' : 'b')).join(''); // prettier-ignore
  await guest.print(noise);
  const kept = watchLoop();
  const usedBefore = process.cpuUsage();
  let kib = 0;
  // Lines of a slow guest, then as much as is taken.
  for (let index = 0; index < 40; index++, kib += 0.25) {
    await guest.print(noise.slice(index, index + 256));
    await systemClock.sleep(2, signal);
  }
  for (; kib < 90; kib += 4) await guest.print(noise);
  const used = process.cpuUsage(usedBefore);
  const loopMs = kept();
  stop.abort(new Error('enough'));
  await assert.rejects(listening, /enough/);
  const msPerKib = (used.user + used.system) / 1000 / kib;
  return { msPerKib, loopMs };
};

for (const [what, hear] of [
  ['a pattern that backtracks', '(a+)+[?]'],
  ['a pattern that makes many states', '[ab]*a[ab]{60}[xy]'],
  ['a pattern of the greatest size', '(?:[ab]?){110}[xy]{9}z?'],
] as const)
  test(`${what} against a guest that prints without end costs under 5 ms a KB, and the loop under 50 ms of processor at a time`, async () => {
    const loopMs = await atBestProcessorMs(50, async () => (await against(hear)).loopMs);
    const ms = await atBestProcessorMs(5, async () => (await against(hear)).msPerKib);
    console.log(`${hear}: ${ms.toFixed(2)} ms of processor a KiB, loop ${loopMs.toFixed(1)} ms`);
    assert.ok(ms <= 5, `${ms} ms a KiB`);
    assert.ok(loopMs <= 50, `the loop was kept for ${loopMs} ms`);
  });
