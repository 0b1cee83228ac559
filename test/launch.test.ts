import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { launch } from '../src/build/machine/launch.ts';
import { deferred } from '../src/base/waiting.ts';
import type { Ending, Machine } from '../src/vmm/types.ts';
import { guestLine } from './fixtures/console-line.ts';

test('a machine that has done its work before its endpoint has an address is no fault of its own', async () => {
  await using cleanup = cleanupStack();
  const home = await mkdtemp(join(tmpdir(), 'imaged-launch-'));
  cleanup.defer(() => rm(home, { recursive: true }));
  const id = '0'.repeat(26);
  await mkdir(join(home, 'builds', id), { recursive: true });
  const guest = guestLine();
  const ended = deferred<Ending>();
  const machine = {
    name: 'imaged-0',
    hostname: 'imaged-0',
    line: guest.line,
    // An address that no interface of this host has (RFC 5737), as that of a tap that has gone with its machine.
    addresses: { guestIp: '192.0.2.3', hostIp: '192.0.2.2', listen: { host: '192.0.2.2', port: 8080, peer: '192.0.2.3' }, http: { url: 'http://192.0.2.2:8080' }, ssh: {} }, // prettier-ignore
    about: {},
    run: async () => undefined,
    ended: ended.promise,
    onRebooted: () => undefined,
    onLineGap: () => undefined,
    [Symbol.asyncDispose]: async () => guest.close(),
  } as unknown as Machine;
  const spec = {
    name: 'done',
    memoryMb: 1,
    nics: [{ network: 'local' }],
    cpus: 1,
    model: {},
    http: [],
    provisioners: [],
    secrets: [],
  };
  const job = { id, slot: 0, spec, folders: foldersBelow(home, join(home, 'run')) };
  const tools = {
    hypervisor: {
      start: async () => {
        void systemClock
          .sleep(50, AbortSignal.timeout(5000))
          .then(() => ended.resolve({ how: 'halt', detail: 'done' }));
        return machine;
      },
    },
    clock: systemClock,
    growth: makeGrowth(),
    signal: AbortSignal.timeout(5000),
    event: () => undefined,
    said: async () => undefined,
    room: async () => undefined,
    place: { keepConsole: async () => undefined },
    texts: { logMb: 1, consoleMb: 1, flood: 16, requests: 1, events: 1 },
  };
  // Of a build and its tools launching takes these alone.
  const given = [{ job, disks: [], key: undefined, boot: { device: 'disk' }, onReboot: 'end' }, tools] as unknown;
  const running = cleanup.keep(await launch(...(given as Parameters<typeof launch>)));
  assert.equal((await running.machine.ended).how, 'halt');
});
