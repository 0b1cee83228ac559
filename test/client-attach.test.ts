import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { spawn } from 'node-pty';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { makeEscapes } from '../src/client/attach/escapes.ts';
import { apiShop } from './api-shop.ts';
import { imagectlInTerminal } from './fixtures/imagectl.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, claimed } from './store-shop.ts';

const typedIn = (...pieces: readonly string[]) => {
  const escapes = makeEscapes();
  const all = pieces.map((piece) => escapes(Buffer.from(piece)));
  return [all.map(({ keys }) => keys.toString()).join(''), ...all.flatMap(({ escapes }) => escapes)];
};

test('a tilde at the beginning of a line is for us, as in cu(1), and anywhere else it is the guest’s', () => {
  assert.deepEqual(typedIn('~.'), ['', 'leave']);
  assert.deepEqual(typedIn('ls\r~.'), ['ls\r', 'leave']);
  assert.deepEqual(typedIn('ls\n', '~', '.rm -rf /\r'), ['ls\n', 'leave']);
  assert.deepEqual(typedIn('~?~.'), ['', 'help', 'leave']);
  assert.deepEqual(typedIn('~~.\r'), ['~.\r']);
  assert.deepEqual(typedIn('cd ~.\r'), ['cd ~.\r']);
  assert.deepEqual(typedIn('~user\r'), ['~user\r']);
  assert.deepEqual(typedIn('~', '\r', '~.'), ['~\r', 'leave']);
});

test('whatever is typed without a tilde at the beginning of a line reaches the guest as it is, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 })), (pieces) => {
      const all = Buffer.concat(pieces)
        .toString('latin1')
        .replace(/(^|[\r\n])~/g, '$1');
      const escapes = makeEscapes();
      const sent = [...all].map((byte) => escapes(Buffer.from(byte, 'latin1')).keys.toString('latin1')).join('');
      // What stands at the beginning once a tilde is removed may be one again.
      if (!/(^|[\r\n])~/.test(all)) assert.equal(sent, all);
    }),
  );
});

const program = fileURLToPath(new URL('fixtures/attaching.js', import.meta.url));

/** A shell in a terminal that attaches to a held build and then says what has become of the terminal. */
const desk = async (live: NonNullable<Parameters<typeof apiShop>[0]>['live'] = {}) => {
  const cleanup = cleanupStack();
  const shop = cleanup.keep(await apiShop({ live }));
  const { url } = await shop.listen();
  await shop.store.add(aBuild());
  const { build, token } = await claimed(shop.store);
  await shop.store.hold(build.id, token, { until: Date.now() + 60_000 }, aFault('provisioner_failed'));
  await shop.write(shop.folders.console(build.id), '');
  return {
    shop,
    id: build.id,
    env: { IMAGED_URL: url, IMAGED_TOKEN: shop.auth.authorization.slice('Bearer '.length) },
    end: () => shop.store.finish(build.id, token, { status: 'failed', fault: aFault('provisioner_failed') }),
    say: async (words: string) => {
      await appendFile(shop.folders.console(build.id), words);
      shop.growth.grew(shop.folders.console(build.id));
    },
    terminal: () => {
      const line = '"$NODE" "$PROGRAM" "$URL" "$BUILD"; stty -a; echo over';
      const env = {
        ...process.env,
        ...{ NODE: process.execPath, PROGRAM: program, URL: url, BUILD: build.id },
        IMAGED_TOKEN: shop.auth.authorization.slice('Bearer '.length),
      };
      const pty = spawn('/bin/sh', ['-c', line], { cols: 91, rows: 31, env });
      cleanup.defer(async () => pty.kill());
      let shown = '';
      pty.onData((more) => (shown += more));
      return {
        pty,
        type: (keys: string) => pty.write(keys),
        shown: () => shown,
        has: (words: RegExp) =>
          untilTrue(() => words.test(shown)).catch(() => assert.fail(`no ${words} in ${JSON.stringify(shown)}`)),
      };
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

test('in a terminal every key reaches the guest at once, what the guest says is shown as it is, and ~. leaves a terminal as it was', async () => {
  await using here = await desk();
  const { type, has, shown } = here.terminal();
  // Until the terminal is raw, it keeps keys for a line.
  await untilTrue(() => {
    type('x');
    return here.shop.typed.length > 0;
  });
  type('\x03uptime\r');
  await untilTrue(() =>
    here.shop.typed
      .map(({ text }) => text)
      .join('')
      .endsWith('\x03uptime\r'),
  );
  await here.say('\x1b[1mup 3 days\x1b[0m\r\n# ');
  await has(/\x1b\[1mup 3 days\x1b\[0m\r\n# /);
  assert.ok(!shown().includes('uptime'), 'what is typed is shown by the guest alone');
  type('~?');
  await has(/\[~\. {2}leave, and let the console be\]/);
  type('~.');
  await has(/ended: \{"how":"left"\}/);
  await has(/[^-]opost[\s\S]*[^-]icanon[\s\S]*over/);
});

test('the end of a hold ends it with the reason, and the terminal is as it was', async () => {
  await using here = await desk();
  const { has } = here.terminal();
  await untilTrue(() => here.shop.told.some((line) => line.includes('console attached')));
  await here.end();
  await has(/ended: \{"how":"closed","code":4000,"reason":"the build is neither held/);
  await has(/[^-]opost[\s\S]*[^-]icanon[\s\S]*over/);
});

test('a program that is killed leaves a terminal as it was', async () => {
  await using here = await desk();
  const { has, pty, type } = here.terminal();
  // A key that has come through says that the terminal is raw, in all that this takes.
  await untilTrue(() => {
    type('x');
    return here.shop.typed.length > 0;
  });
  // The shell runs it as its only child.
  const [child = ''] = execFileSync('pgrep', ['-P', String(pty.pid)], { encoding: 'utf8' }).split('\n');
  process.kill(Number(child), 'SIGTERM');
  await has(/[^-]opost[\s\S]*[^-]icanon[\s\S]*over/);
});

test('a refusal is told as the API tells it, and keys that were not typed are told', async () => {
  await using here = await desk({
    type: async () => {
      throw new Fault('console_lent', 'The console is detached for an operator.');
    },
  });
  const first = here.terminal();
  await untilTrue(() => here.shop.told.some((line) => line.includes('console attached')));
  first.type('x');
  await first.has(/\[The console is detached for an operator\.\]/);
  first.type('\r~.');
  await first.has(/"how":"left"/);
  await here.end();
  await here.terminal().has(/ended: .*"how":"refused".*The build is failed: keys are taken while it is held/);
});

test('imagectl console --attach: every key reaches the guest, ~? helps, ~. leaves, and the terminal is as it was', async () => {
  await using here = await desk();
  await using terminal = imagectlInTerminal(['console', '--attach', here.id], here.env, { under: 'shell' });
  await terminal.shows(/Attached\. ~\. at the beginning of a line leaves/);
  const typed = () => here.shop.typed.map(({ text }) => text).join('');
  // Until the terminal is raw, it keeps keys for a line.
  await untilTrue(() => {
    terminal.type('x');
    return typed().length > 0;
  });
  terminal.type('\x03\x1b[Auptime\r');
  await untilTrue(() => typed().endsWith('\x03\x1b[Auptime\r'));
  await here.say('\x1b[1mup 3 days\x1b[0m\r\n# ');
  await terminal.shows(/up 3 days\n#/);
  assert.ok(terminal.bytes().includes('\x1b[1mup 3 days\x1b[0m\r\n# '));
  terminal.type('~?');
  await terminal.shows(/~\. {2}leave, and let the console be/);
  terminal.type('~.');
  assert.match(await terminal.shows(/ended with 0/), /Left\. The console goes on\./);
  await terminal.ended;
  assert.match(await terminal.screen(), /[^-]opost[^]*[^-]icanon/);
});

test('imagectl console --attach to a build that takes no keys ends with 5 and the reason', async () => {
  await using here = await desk();
  await here.end();
  await using terminal = imagectlInTerminal(['console', '--attach', here.id], here.env, {
    under: 'shell',
    columns: 200,
  });
  assert.match(await terminal.shows(/ended with 5/), /The build is failed: keys are taken while it is held/);
});
