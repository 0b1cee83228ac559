import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { hearing, startFaultyGuests, type FaultyGuests } from '../fixtures/faulty-guests.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { firstPrompt, inShell, letIn, succeeded, textOf } from '../fixtures/tiny-builds.ts';

let guests: FaultyGuests;

before(async () => {
  guests = await startFaultyGuests();
});

after(() => guests[Symbol.asyncDispose]());

// Builds are asked for when their test begins; two run at a time.
suite('an installer', { concurrency: true }, () => {
  test('that never prompts is silent, and the fault says what was awaited and what stood there', async () => {
    const { id } = await guests.installing('mute', { console: [{ hear: firstPrompt, within: '5s' }] });
    const { expected, saw, message } = await guests.failed(id, 'console_silent', 'install');
    assert.deepEqual([expected, saw], [firstPrompt, 'nothing']);
    assert.match(message, /did not come on the console within 5 s; nothing had come at all/);
  });

  test('that answers with garbage is silent too, and its garbage is shown as text', async () => {
    const { id } = await guests.installing('garbage', hearing('Response file location', '3s'));
    const { expected, saw } = await guests.failed(id, 'console_silent', 'install');
    assert.equal(expected, 'Response file location');
    assert.doesNotMatch(saw, /[\0-\x08\x0e-\x1f]/);
  });

  test('that floods the console for ever is silent on what was awaited', async () => {
    const { id } = await guests.installing('flood', hearing('Response file location', '3s'));
    const { saw, console_tail } = await guests.failed(id, 'console_silent', 'install');
    assert.match(saw, /flood \d+/);
    assert.ok(console_tail.length <= 16 * 1024);
  });

  test('that floods the console for a while is understood afterwards, and no line of it is lost', async () => {
    const [first, ...rest] = inShell();
    const { id } = await guests.installing('flood=3', {
      console: [...hearing('flood 100', '1m').console, { ...first, hear: '^flood end \\d+' }, ...rest],
      ends: 'halt',
    });
    await succeeded(guests.imaged, id);
    const said = await textOf(guests.imaged, id, 'console');
    const count = Number(/^flood end (\d+)/m.exec(said)?.[1]);
    const numbers = [...said.matchAll(/^flood (\d+)\r$/gm)].map(([, number]) => Number(number));
    // The first line follows the prompt.
    assert.match(said, /\(S\)hell\? flood 1\r$/m);
    assert.deepEqual(
      numbers,
      Array.from({ length: count - 1 }, (_, index) => index + 2),
    );
    assert.ok(count >= 100, `only ${count} lines`);
  });

  test('that loses bytes of what is typed gets the line again until it stands there', async () => {
    const console = inShell();
    const { id } = await guests.installing('deaf', { console: [{ ...console[0], say: 'shell' }, ...console.slice(1)] });
    await succeeded(guests.imaged, id);
    const said = (await eventsOf(guests.imaged, id)).find(({ type }) => type === 'console.said');
    assert.equal(said?.data['text'], 'shell');
    assert.ok(Number(said.data['typed_times']) > 1);
  });

  test('that never shows what is typed is deaf', async () => {
    const { id } = await guests.installing('', {
      console: [
        { hear: firstPrompt, within: '2m', say: 's' },
        { hear: '# $', say: 'stty -echo; echo silence; cat' },
        { hear: '^silence', say: 'is anybody there?' },
      ],
    });
    const { expected, saw } = await guests.failed(id, 'console_deaf', 'install');
    assert.deepEqual([expected, saw], ['is anybody there?', 'nothing']);
  });
});

suite('an installed system', { concurrency: true }, () => {
  test('whose ssh breaks off half-way through the key exchange cannot be reached', async () => {
    const { id } = await guests.installed('no-ssh', {
      // Its sshd is up soon after that, however long it takes to boot.
      install: { console: [{ hear: 'login: $', within: '2m' }], ends: 'never' },
      communicator: { type: 'ssh', timeout: '20s' },
    });
    const { saw, expected } = await guests.failed(id, 'ssh_unreachable', 'connect');
    assert.match(expected, /^a login by ssh as root/);
    assert.match(saw, /an ssh server spoke, but the key exchange did not end/);
  });

  test('that knows no key of the build denies the login', async () => {
    const { id } = await guests.installed('');
    const { saw } = await guests.failed(id, 'ssh_denied', 'connect');
    assert.match(saw, /Permission denied/);
  });

  test('whose ssh connections die under a script that needs its terminal breaks the build', async () => {
    const { id } = await guests.installed('ssh-drop', {
      communicator: { type: 'ssh', timeout: '2m', pty: true },
      install: { console: letIn, ends: 'never' },
      provisioners: [{ type: 'shell', name: 'long', inline: 'sleep 60' }],
    });
    const { message } = await guests.failed(id, 'ssh_broken', 'long');
    assert.match(message, /set expect_disconnect/);
  });

  test('that floods its console for ever is built all the same, by ssh', async () => {
    const flood = { hear: '# $', say: 'while :; do echo flood; done >/dev/ttyS0 &' };
    const { id } = await guests.installed('', {
      install: { console: [...letIn, flood, { hear: '^(flood\\r\\n){50}' }], ends: 'never' },
      provisioners: [{ type: 'shell', inline: 'echo calm' }],
    });
    await succeeded(guests.imaged, id);
    assert.match(await textOf(guests.imaged, id, 'log'), /^\S+Z   calm$/m);
  });
});

test('nothing of all these machines is left', () => guests.proveNoneLeft());
