import assert from 'node:assert/strict';
import { test } from 'node:test';
import { install } from '../src/build/steps/install/install.ts';
import { installerTurns } from '../src/openbsd/installer/turns.ts';
import type { Machine } from '../src/vmm/types.ts';
import { consoleOver } from './fixtures/console-desk.ts';
import { ttyGuest } from './fixtures/console-line.ts';

const first = '\r\n(I)nstall, (U)pgrade, (A)utoinstall or (S)hell? ';
const location = 'Response file location? [http://100.64.1.2/install.conf] ';

/** The step against an installer that says `after` when it has read `a`. */
const installing = async (after: string): Promise<readonly string[]> => {
  const guest = ttyGuest({ afterLine: (line, { print }) => void (line === 'a' ? print(after) : undefined) });
  await using desk = await consoleOver(guest.line);
  const addresses = {
    http: { url: 'http://100.64.1.2:1', ip: '100.64.1.2', port: 1 },
    hostIp: '100.64.1.2',
    guestIp: '100.64.1.3',
    mac: 'fe:e1:bb:00:00:01',
  };
  const machine = { name: 'm', addresses, ended: new Promise<never>(() => undefined), onRebooted: () => undefined };
  const turns = installerTurns({
    path: 'install.conf',
    interfaceName: 'vio0',
    timeoutMs: 10_000,
    takesUnverified: false,
  });
  const installer = {
    machine: machine as unknown as Machine,
    console: desk.console,
    trouble: () => undefined,
    cutOff: () => undefined,
    isSilent: () => false,
    [Symbol.asyncDispose]: async () => undefined,
  };
  void guest.print(first);
  try {
    await install({ turns, timeoutMs: 10_000, ends: 'never', refuse: [] }).run(
      { installer },
      { signal: AbortSignal.timeout(10_000) },
    );
    return guest.entered;
  } finally {
    guest.close();
  }
};

test('an `a` that comes after the own timer of the installer ends the attempt as what the host did, not the template', async () => {
  for (const words of [
    `${location}'a' is not a valid choice.\r\nNo response file found; non-interactive mode aborted.\r\n${first}`,
    `${location}(I)nstall or (U)pgrade? `,
    "Which network interface should be used for the initial DHCP request? (or 'done') [vio0] 'a' is not a valid choice.\r\n",
  ])
    await assert.rejects(installing(words), { code: 'console_raced' }, words);
});

test('once it has its answers, one that the installer refuses is what the template wrote', async () => {
  await assert.rejects(
    installing("Performing non-interactive install...\r\nTerminal type? [vt220] a\r\n'a' is not a valid choice.\r\n"),
    { code: 'console_refused' },
  );
});

test('an installer that says nothing before its first question is heard to its end all the same', async () => {
  const entered = await installing('Fetching http://100.64.1.2/install.conf\r\nSystem hostname? CONGRATULATIONS!\r\n');
  assert.deepEqual(entered, ['a']);
});
