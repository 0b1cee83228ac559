import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import { processesOf } from '../src/vmm/qemu/process/processes.ts';
import { networkSocket } from '../src/vmm/qemu/names.ts';
import { retry } from '../src/base/waiting.ts';
import { networkGuest, shellOf } from './fixtures/network-guest.ts';
import { here, outside, there } from './fixtures/outside.ts';
import { bench, isAlive, on, pidOf } from './fixtures/qemu-bench.ts';
import { orphan, orphanAt } from './fixtures/qemu-orphan.ts';
import { trap } from './fixtures/trap.ts';
import { longOnly } from './fixtures/long.ts';

const asRoot = { skip: process.getuid?.() !== 0 && 'root alone may make what this needs' };

const outgoing = { nics: [{ network: 'outgoing' }] } as const;

const start = async (vmm: Awaited<ReturnType<typeof bench>>) => {
  const machine = await vmm.start([], { ...(await networkGuest(vmm.folder)), ...outgoing });
  await machine.run(on());
  return { machine, ...(await shellOf(machine)) };
};

test('an outgoing guest reaches the outside, and the host there, but no port of its loopback', asRoot, async () => {
  await using world = await outside();
  await using vmm = await bench({ allowsOutgoing: true });
  using loopback = await trap('127.0.0.1');
  using everywhere = await trap('0.0.0.0');
  const { machine, run } = await start(vmm);

  assert.equal(
    await run('. /tmp/lease; echo $lease_address $lease_router $lease_dns'),
    '100.64.1.3/24 100.64.1.2 100.64.1.5\n',
  );
  assert.equal(await run(`nc -w 3 ${there} ${world.port}`), `from ${here}\n`);
  // What is open to the host's neighbours is open to the guest, as is its other address to anybody there.
  assert.equal(await run(`nc -w 3 ${here} ${everywhere.port}`), 'secret\n');
  assert.equal(everywhere.visitors(), 1);

  const ports = [loopback.port, everywhere.port, machine.addresses.ssh.port];
  const ips = ['100.64.1.2', '100.64.1.4', '100.64.1.5', '100.64.1.100', '10.0.2.2', '10.0.2.3', '0.0.0.0'];
  const tries = (where: readonly string[]) =>
    where.flatMap((ip) => ports.map((port) => `nc -w 1 ${ip} ${port} </dev/null`)).join(' & ');
  assert.doesNotMatch(await run(`${tries(ips)} & wait`), /secret/);
  // Packets that carry an address of the loopback, sent to QEMU as to any router.
  await run('echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet; ip address flush dev lo');
  assert.match(
    await run('ip route add 127.0.0.0/8 via 100.64.1.2; ip route get 127.0.0.1'),
    /via 100\.64\.1\.2 dev eth0/,
  );
  assert.doesNotMatch(await run(`${tries(['127.0.0.1', '127.0.0.53'])} & wait`), /secret/);
  assert.doesNotMatch(await run(`nc -w 1 ${here} ${loopback.port} </dev/null`), /secret/);
  assert.deepEqual([loopback.visitors(), everywhere.visitors()], [0, 1]);
});

test('a second card is no way around to the loopback, nor to the network that leads outside', async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  using loopback = await trap('127.0.0.1');
  const nics = [{ network: 'outgoing' }, { network: 'outgoing' }] as const;
  const machine = await vmm.start([], { ...(await networkGuest(vmm.folder)), nics });
  await machine.run(on());
  const { run } = await shellOf(machine);
  await run('ip link set eth1 up; ip address add 100.80.1.3/24 dev eth1');
  // To the second card the network of the first is outside; there slirp4netns has an address for the host.
  const ips = ['100.64.1.2', '100.64.1.3', '100.64.1.255', '127.0.0.1'];
  await run('echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet; ip address flush dev lo');
  await run(`for ip in ${ips.join(' ')}; do ip route add $ip via 100.80.1.2 dev eth1; done`);
  assert.match(await run('ip route get 100.64.1.2'), /via 100\.80\.1\.2 dev eth1/);
  const tries = ips.map((ip) => `nc -w 1 ${ip} ${loopback.port} </dev/null`);
  assert.doesNotMatch(await run(`${tries.join(' & ')} & wait`), /secret/);
  assert.equal(loopback.visitors(), 0);
});

/** Answers every question with one address (RFC 1035, 4.1). */
const nameServer = async (host: string, answer: readonly number[]) => {
  const server = createSocket('udp4');
  server.on('message', (question, { port, address }) => {
    const end = question.indexOf(0, 12) + 5;
    const header = [question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...answer];
    server.send(Buffer.concat([Buffer.from(header), question.subarray(12, end), Buffer.from(record)]), port, address);
  });
  server.bind(53, host);
  await once(server, 'listening');
  return { [Symbol.dispose]: () => void server.close() };
};

const program = join(import.meta.dirname, 'fixtures/qemu-outgoing.js');

type Said = { notes: string[]; refused: { pointer: string; message: string }[]; said: string[] };

const tell = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> => {
  const [file = '', ...args] = words;
  const { stdout } = await runProgram(file, args, { signal: on(), env });
  return JSON.parse(stdout) as Said; // the fixture's own words
};

test(
  'a resolver on the loopback of the host answers an outgoing guest, and nothing else there does',
  asRoot,
  async () => {
    await using vmm = await bench();
    using server = await nameServer('127.0.0.77', [203, 0, 113, 7]);
    using other = await trap('127.0.0.77');
    const conf = join(vmm.folder, 'resolv.conf');
    await writeFile(conf, 'nameserver 127.0.0.77\n');
    const inside = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf];
    const lines = [
      'nslookup -type=a build.test 100.64.1.5',
      `nc -w 1 100.64.1.5 ${other.port} </dev/null; nc -w 1 100.64.1.3 ${other.port} </dev/null`,
    ];
    const { said } = await tell([...inside, process.execPath, program, ...lines]);
    assert.match(said[0] ?? '', /203\.0\.113\.7/);
    assert.doesNotMatch(said[1] ?? '', /secret/);
    assert.equal(other.visitors(), 0);
    void server;
  },
);

test('without slirp4netns outgoing network is refused where it is asked for, with what to install', async () => {
  const { notes, refused } = await tell([process.execPath, program], { PATH: '/nowhere' });
  assert.deepEqual(
    refused.map(({ pointer }) => pointer),
    ['/machine/nics/1/network'],
  );
  assert.match(refused[0]?.message ?? '', /slirp4netns is missing.*apt install slirp4netns/);
  assert.match(notes.join(), /cannot have outgoing network.*slirp4netns is missing/);
});

test('where namespaces are forbidden outgoing network is refused, with what the kernel said', async () => {
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"';
  const inside = ['unshare', '--user', '--map-root-user', 'sh', '-c', forbid, 'sh'];
  const { notes, refused } = await tell([...inside, process.execPath, program]);
  assert.deepEqual(
    refused.map(({ pointer }) => pointer),
    ['/machine/nics/1/network'],
  );
  assert.match(refused[0]?.message ?? '', /unshare failed: No space left on device.*user_namespaces\(7\)/);
  assert.match(notes.join(), /cannot have outgoing network/);
});

test('a QEMU in a network of its own has no capability there, and no mount of its own is seen outside', async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  const machine = await vmm.start([], outgoing);
  await machine.run(on());
  const status = await readFile(`/proc/${pidOf(machine)}/status`, 'utf8');
  assert.deepEqual(status.match(/^Cap(Prm|Eff|Bnd|Amb):\s*0+$/gm)?.length, 4);
  assert.doesNotMatch(await readFile('/proc/self/mountinfo', 'utf8'), /resolv\.conf.*vmm-/);
});

const ours = /^(disk\.raw|qemu\.log)$/;

const untilGone = { attempts: 1000, firstMs: 5, growth: 1, mostMs: 5 };

test('what slirp4netns prints of a guest comes to 16 MB, and more of it neither fills the disk nor ends the network', async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  const machine = await vmm.start([], outgoing);
  const all = await processesOf('imaged-0', join(vmm.folder, 'm0'), on());
  const network = all.filter((pid) => pid !== pidOf(machine));
  assert.equal(network.length, 1);
  const limits = await readFile(`/proc/${network[0]}/limits`, 'utf8');
  assert.match(limits, /^Max file size +16777216 +16777216 +bytes/m);
  const [, ignored = ''] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${network[0]}/status`, 'utf8')) ?? [];
  // SIGXFSZ is 25 on Linux (signal(7)): ignored, a write beyond the limit fails, and the process stays.
  assert.equal((BigInt(`0x${ignored}`) >> 24n) & 1n, 1n);
  assert.match(await readFile(`/proc/${pidOf(machine)}/limits`, 'utf8'), /^Max file size +unlimited/m);
});

test('the network of a machine ends with its QEMU by itself, however that ends', longOnly, async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  for (const end of ['SIGKILL', 'SIGTERM'] as const) {
    const { machine } = await start(vmm);
    const all = await processesOf('imaged-0', join(vmm.folder, 'm0'), on());
    assert.equal(all.length, 2);
    process.kill(pidOf(machine), end);
    await machine.ended;
    const look = async () => {
      for (const pid of all) assert.ok(!(await isAlive(pid)), `process ${pid} is still there`);
    };
    await retry(look, untilGone, () => true, systemClock, on());
    await machine[Symbol.asyncDispose]();
  }
});

test('an outgoing machine let go of leaves no process, and no file but its logs', longOnly, async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  const folder = join(vmm.folder, 'm0');
  const { machine } = await start(vmm);
  await machine[Symbol.asyncDispose]();
  assert.deepEqual(await processesOf('imaged-0', folder, on()), []);
  assert.deepEqual((await readdir(folder)).sort(), ['disk.raw', 'qemu.log']);
  assert.deepEqual((await readdir(vmm.folder)).sort(), ['m0', 'network.cpio']);
});

test('an outgoing machine outlives a daemon that is killed, and is reaped with its network', async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  const spec = { ...(await vmm.specOf(0, [])), ...outgoing };
  await orphan(spec);
  const all = await processesOf(spec.name, spec.folder, on());
  assert.equal(all.length, 2);
  assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), true);
  for (const pid of all) assert.ok(!(await isAlive(pid)));
  assert.deepEqual((await readdir(spec.folder)).sort(), ['disk.raw', 'qemu.log']);
  assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), false);
});

test(
  'a daemon that is killed while it starts an outgoing machine leaves nothing that is not reaped',
  longOnly,
  async () => {
    await using vmm = await bench({ allowsOutgoing: true });
    const spec = { ...(await vmm.specOf(0, [])), ...outgoing };
    for (const file of ['net.up', 'net.log', 'resolv.conf', networkSocket(spec.folder), 'qmp.sock']) {
      await orphanAt(spec, file);
      assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), true, file);
      assert.deepEqual(await processesOf(spec.name, spec.folder, on()), [], file);
      for (const name of await readdir(spec.folder)) assert.match(name, ours, file);
    }
  },
);

test('an outgoing start that is given up, at whatever moment, leaves no process and no socket', longOnly, async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  await vmm.qemu.facts(on());
  const spec = { ...(await vmm.specOf(0, [])), ...outgoing };
  for (let afterMs = 0; afterMs <= 120; afterMs += 6) {
    await using left = cleanupStack();
    const asked = new AbortController();
    setTimeout(() => asked.abort(new Error('enough')), afterMs);
    await vmm.qemu.start(spec, asked.signal).then(left.keep, (error: unknown) => assert.match(String(error), /enough/));
    await left[Symbol.asyncDispose]();
    assert.deepEqual(await processesOf(spec.name, spec.folder, on()), [], `after ${afterMs} ms`);
    for (const name of await readdir(spec.folder)) assert.match(name, ours);
  }
});

test('a configuration without allow_outgoing refuses it at once, and starts none', async () => {
  await using vmm = await bench();
  const spec = { ...(await vmm.specOf(0, [])), ...outgoing };
  await assert.rejects(vmm.qemu.start(spec, on()), { code: 'hypervisor_failed', message: /allow_outgoing/ });
});
