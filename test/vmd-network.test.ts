import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { guest } from './fixtures/imaged.ts';
import { converse, eventually, rowOf } from './fixtures/vmd-console.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { trap } from './fixtures/trap.ts';
import { needsRoot, startVmd, usualConf, type Vmd, type VmdOptions } from './fixtures/vmd.ts';
import { firstUnlessLong } from './fixtures/long.ts';

const options = { skip: needsRoot };

const shop = async (how: VmdOptions = {}) => {
  const vmd = await startVmd({ guests: 'none', ...how });
  const { disk } = await disksFor(vmd);
  /** Starts a VM as the daemon's user, or as root, and gives what vmctl said. */
  const start = async (name: string, words: readonly string[] = ['-L'], as: 'root' | 'imaged' = 'imaged') => {
    const argv = ['start', '-t', 'imaged', '-m', '128M', '-d', `raw:${await disk(name)}`, ...words, name];
    return vmd.run([join(vmd.bin, 'vmctl'), ...argv], as);
  };
  return { vmd, start, [Symbol.asyncDispose]: vmd[Symbol.asyncDispose] };
};

const ifconfig = async (vmd: Vmd, ...words: readonly string[]) => vmd.run([join(vmd.bin, 'ifconfig'), ...words]);

/** The interfaces that ifconfig shows, by their description: name, address, and the lines in between. */
const taps = async (vmd: Vmd) => {
  const { stdout } = await ifconfig(vmd, 'tap');
  return Object.fromEntries(
    stdout
      .split(/^(?=\S)/m)
      .filter((text) => text !== '')
      .map((text) => [
        /description: (.*)/.exec(text)?.[1] ?? '',
        { name: /^\w+/.exec(text)?.[0], inet: /inet (\S+)/.exec(text)?.[1], text },
      ]),
  );
};

const addressed = (vmd: Vmd, description: string) =>
  eventually(
    async () => (await taps(vmd))[description],
    (tap) => tap?.inet !== undefined,
  );

test('ids count on by name and user, and the addresses follow them', options, async () => {
  await using s = await shop({ taps: 16 });
  const idOf = async (name: string, as: 'root' | 'imaged' = 'imaged') =>
    Number(/started vm (\d+)/.exec((await s.start(name, ['-L', '-L'], as)).stderr)?.[1]);
  assert.equal(await idOf('im-0'), 3);
  assert.equal(await idOf('im-1'), 4);
  assert.equal((await addressed(s.vmd, 'vm3-if0-im-0'))?.inet, '100.64.3.2');
  assert.equal((await addressed(s.vmd, 'vm3-if1-im-0'))?.inet, '100.64.3.4');
  await s.vmd.vmctl('stop', '-fw', 'im-0');
  assert.equal(await idOf('im-2'), 5);
  assert.equal(await idOf('im-0'), 3);
  await s.vmd.vmctl('stop', '-fw', 'im-0');
  // Another user's machine of that name is another one.
  assert.equal(await idOf('im-0', 'root'), 6);
});

test('id 256 is 100.65.0.2, and above 16383 a start is good and the VM goes', options, async () => {
  for (const [firstId, id, address] of [
    [253, 255, '100.64.255.2'],
    [254, 256, '100.65.0.2'],
    [16381, 16383, '100.127.255.2'],
  ] as const) {
    await using s = await shop({ firstId });
    assert.match((await s.start('x')).stderr, new RegExp(`started vm ${id} `));
    assert.equal((await addressed(s.vmd, `vm${id}-if0-x`))?.inet, address);
  }
  await using s = await shop({ firstId: 16382 });
  assert.match((await s.start('x')).stderr, /started vm 16384 /);
  await eventually(
    () => rowOf(s.vmd, 'x'),
    (row) => row === undefined,
  );
  assert.match(await s.vmd.log(), /dhcp address range exceeded/);
});

test('local prefix moves the addresses', options, async () => {
  await using s = await shop({ conf: `local prefix 10.8.0.0/16\n${usualConf}` });
  await s.start('x');
  assert.equal((await addressed(s.vmd, 'vm3-if0-x'))?.inet, '10.8.3.2');
});

test('an interface is shown as ifconfig shows it, some time after the start was answered', options, async () => {
  await using s = await shop({ times: { taps: 1 } });
  assert.equal((await ifconfig(s.vmd, 'tap')).stderr, 'ifconfig: tap: no such interface\n');
  await s.start('im-0');
  const early = await ifconfig(s.vmd, 'tap');
  assert.match(early.stdout, /^tap0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500\n\tlladdr fe:e1:ba:/);
  assert.doesNotMatch(early.stdout, /description|inet/);
  const tap = await addressed(s.vmd, 'vm3-if0-im-0');
  assert.match(
    tap?.text ?? '',
    /^tap0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\tlladdr fe:e1:ba(:[0-9a-f]{2}){3}\n\tdescription: vm3-if0-im-0\n\tindex \d+ priority 0 llprio 3\n\tgroups: tap\n\tstatus: active\n\tinet 100\.64\.3\.2 netmask 0xfffffffe\n$/,
  );
  assert.equal((await ifconfig(s.vmd, 'tap0')).stdout, tap?.text);
});

test('a NIC that is not local has a tap without address', options, async () => {
  await using s = await shop();
  await s.start('im-0', ['-L', '-n', 'nowhere', '-i', '3']);
  await addressed(s.vmd, 'vm3-if0-im-0');
  const found = await eventually(
    () => taps(s.vmd),
    (all) => 'vm3-if2-im-0' in all,
  );
  assert.deepEqual(
    Object.entries(found).map(([description, { inet }]) => [description, inet]),
    [
      ['vm3-if0-im-0', '100.64.3.2'],
      ['vm3-if1-im-0', undefined],
      ['vm3-if2-im-0', undefined],
    ],
  );
  assert.match(await s.vmd.log(), /switch "nowhere" not found/);
});

test('there are as many taps as nodes, and the first free one is taken', options, async () => {
  await using s = await shop({ taps: 2 });
  await s.start('a');
  await s.start('b');
  assert.equal((await s.start('c')).stderr, 'vmctl: start vm command failed: No such file or directory\n');
  await s.vmd.vmctl('stop', '-fw', 'a');
  await s.start('c');
  assert.equal((await addressed(s.vmd, 'vm5-if0-c'))?.name, 'tap0');
  assert.equal((await addressed(s.vmd, 'vm4-if0-b'))?.name, 'tap1');
});

const Lease = z
  .object({
    yiaddr: z.string(),
    siaddr: z.string(),
    file: z.string(),
    options: z.record(z.string(), z.string()),
    toMac: z.string(),
    sums: z.array(z.string()),
  })
  .nullable();

/** Plays the guest behind the first interface of VM 3. Its hardware address is known to vmd alone, so it is told. */
const ask = async (vmd: Vmd, ...words: readonly string[]) => {
  const player = fileURLToPath(new URL('../../test/fixtures/vmd-dhcp', import.meta.url));
  const mac = /vm3-if0 guest (\S+)/.exec(await vmd.log())?.[1] ?? '';
  const { stdout } = await promisify(execFile)(player, [join(vmd.folder, 'run/vm3-if0'), mac, ...words]);
  const lease = Lease.parse(JSON.parse(stdout));
  if (lease !== null) assert.deepEqual([lease.toMac, lease.sums], [mac, ['ffff', 'ffff']]);
  return lease;
};

test('vmd answers DHCP and BOOTP with the addresses of the interface, for ever', options, async () => {
  await using s = await shop();
  await s.start('im-0');
  const host = '64400302';
  const common = { '1': 'fffffffe', '3': host, '6': host };
  const dhcp = (kind: string) => ({ ...common, '51': 'ffffffff', '53': kind, '54': host });
  const told = async (...words: readonly string[]) => {
    const lease = await ask(s.vmd, ...words);
    assert.deepEqual([lease?.yiaddr, lease?.siaddr, lease?.file], ['100.64.3.3', '100.64.3.2', '']);
    return lease?.options;
  };
  assert.deepEqual(await told('discover'), dhcp('02'));
  assert.deepEqual(await told('request', '100.64.3.3'), dhcp('05'));
  assert.deepEqual(await told('request'), dhcp('05'));
  assert.deepEqual(await told('request', '10.0.0.9'), dhcp('06'));
  assert.deepEqual(await told('bootp'), common);
  assert.equal(await ask(s.vmd, 'renew', '100.64.3.3'), null);
});

test('file name and host name are told to a guest that boots from the network, and to no other', options, async () => {
  for (const [words, file, name] of [
    [['-L', '-B', 'net'], 'auto_install', Buffer.from('im-0').toString('hex')],
    [['-L', '-B', 'disk'], '', undefined],
  ] as const) {
    await using s = await shop();
    await s.start('im-0', words);
    const lease = await ask(s.vmd, 'discover');
    assert.deepEqual([lease?.file, lease?.options['12']], [file, name]);
  }
});

/** Serves one text at an address inside, as root, and says on its error output whenever somebody comes. */
const server = (vmd: Vmd, address: string, port: number) =>
  converse(
    vmd,
    [
      'python3',
      '-uc',
      `import http.server
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print('came', self.client_address[0], self.connection.getsockname(), flush=True)
        self.send_response(200); self.send_header('Content-Length', '6'); self.end_headers(); self.wfile.write(b'hello\\n')
http.server.HTTPServer.allow_reuse_address = True
serving = http.server.HTTPServer(('${address}', ${port}), Hello)
print('listening', flush=True)
serving.serve_forever()`,
    ],
    'root',
  );

for (const [redirect, address, port, seen] of firstUnlessLong([
  ['loopback', '127.0.0.1', 8079, "('127.0.0.1', 8079)"],
  ['port', '0.0.0.0', 8079, "('100.64.3.2', 8079)"],
  ['none', '0.0.0.0', 80, "('100.64.3.2', 80)"],
] as const))
  test(`a guest reaches its endpoint at port 80 with redirect ${redirect}, and nothing else`, options, async () => {
    await using s = await shop({ guests: 'qemu', redirect });
    await using web = server(s.vmd, address, port);
    await using trap = server(s.vmd, '0.0.0.0', 9999);
    await web.hear(/listening/);
    await trap.hear(/listening/);
    const cycle = async (url: string) => {
      const disk = join(s.vmd.folder, 'disks', 'im-0');
      const words = ['-t', 'imaged', '-m', '128M', '-L', '-d', `raw:${disk}`, '-b', join(guest, 'cycle.rd')];
      await s.vmd.vmctl('stop', '-fw', 'im-0');
      const console = converse(s.vmd, ['vmctl', 'start', '-c', ...words, 'im-0']);
      await console.hear(/cycle# /);
      console.type(`${url}\r`);
      return console;
    };
    await s.start('im-0');
    {
      await using console = await cycle('http://100.64.3.2/hello');
      await console.hear(/cycle done/);
      assert.equal(await web.hear(/came .*\n/), `came 100.64.3.3 ${seen}\n`);
    }
    await using console = await cycle('http://100.64.3.2:9999/hello');
    await console.hear(/9999/);
    const dropped = async () => (await s.vmd.run(['nft', 'list', 'table', 'inet', 'host'], 'root')).stdout;
    const count = (rules: string) => Number(/counter packets (\d+)/.exec(rules)?.[1]);
    await eventually(dropped, (rules) => count(rules) > 2);
    assert.doesNotMatch(trap.text(), /came/);
  });

test('a door leads from outside to a port inside, and nothing else does', options, async () => {
  await using s = await shop();
  // A port that nobody has outside.
  const portOf = async () => {
    using outside = await trap('127.0.0.1');
    return outside.port;
  };
  const port = await portOf();
  await using web = server(s.vmd, '127.0.0.1', port);
  await web.hear(/listening/);
  const door = await s.vmd.door(port);
  const reply = await fetch(`http://127.0.0.1:${door}/`);
  assert.equal(await reply.text(), 'hello\n');
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});
