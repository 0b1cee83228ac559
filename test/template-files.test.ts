import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { demandOf } from '../src/template/resolve/demand.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { shownTexts } from '../src/template/resolve/shown-texts.ts';

const qcow2 = (facts: { readonly backing?: boolean; readonly dataFile?: boolean; readonly bytes?: number } = {}) => {
  const header = Buffer.alloc(512);
  header.writeUInt32BE(0x5146_49fb, 0);
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(facts.backing === true ? 200n : 0n, 8);
  header.writeBigUInt64BE(BigInt(facts.bytes ?? 10 * 1024 ** 2 + 1), 24);
  header.writeUInt32BE(16, 20);
  header.writeUInt32BE(1, 36);
  header.writeBigUInt64BE(0x30000n, 40);
  header.writeBigUInt64BE(0x10000n, 48);
  header.writeUInt32BE(1, 56);
  header.writeBigUInt64BE(facts.dataFile === true ? 4n : 0n, 72);
  header.writeUInt32BE(4, 96);
  header.writeUInt32BE(104, 100);
  return header;
};

const workshop = async () => {
  const home = await mkdtemp(join(tmpdir(), 'files-'));
  const [context, medium] = [join(home, 'context'), join(home, 'tiny')];
  await mkdir(join(context, 'sub'), { recursive: true });
  await mkdir(medium);
  await writeFile(join(home, 'secret'), 'secret');
  await writeFile(join(context, 'sub/file'), 'text');
  await writeFile(join(medium, 'vmlinux'), 'kernel');
  await symlink('../../secret', join(context, 'sub/out'));
  await symlink('/etc/passwd', join(medium, 'out'));
  await symlink('loop', join(context, 'loop'));
  const media = {
    tiny: medium,
    'tiny/one': join(home, 'secret'),
    iso: join(medium, 'vmlinux'),
    gone: join(home, 'gone'),
  };
  return {
    context,
    medium,
    spec: (document: object, files: { context?: string } = { context }) =>
      resolve({
        template: parseTemplate({
          name: 'files',
          machine: { floppy: 'media:iso', disks: [{ size: '1G' }] },
          ...document,
        }),
        variables: {},
        files: { ...files, media },
        frozen: { buildId: 'b', timestampMs: 0 },
        defaults: { timeoutMs: 1 },
      }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
};

const refused = (pointer: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error));
  const found = error.facts.errors?.find((fieldError) => fieldError.pointer === pointer);
  assert.match(found?.message ?? JSON.stringify(error.facts), message);
  return true;
};

test('files of the context and of media are found, in folders and by the longest name', async () => {
  await using shop = await workshop();
  const { http } = await shop.spec({
    http: {
      a: { file: 'sub/file' },
      b: { folder: 'sub' },
      c: { file: 'media:tiny/vmlinux' },
      d: { file: 'media:tiny/one' },
      e: { folder: 'media:tiny' },
      f: { file: './sub//file' },
    },
  });
  const paths = http.map((entry) =>
    entry.kind === 'file' ? entry.file.path : entry.kind === 'folder' ? entry.folder.path : '',
  );
  assert.deepEqual(paths, [
    join(shop.context, 'sub/file'),
    join(shop.context, 'sub'),
    join(shop.medium, 'vmlinux'),
    join(shop.medium, '../secret'),
    shop.medium,
    join(shop.context, 'sub/file'),
  ]);
});

test('no reference leads out of the context or the medium, and none to what is not there', async () => {
  await using shop = await workshop();
  const cases: readonly (readonly [string, RegExp])[] = [
    ['../secret', /holds "\.\."/],
    ['sub/../../secret', /holds "\.\."/],
    ['/etc/passwd', /is absolute/],
    ['sub/out', /leads out/],
    ['media:tiny/out', /leads out/],
    ['media:tiny/../secret', /holds "\.\."/],
    ['media:/etc/passwd', /is absolute/],
    ['media:other/x', /no medium "other"/],
    ['media:tinny/x', /did you mean "tiny"/],
    ['media:gone', /^media:gone: the medium "gone" cannot be read; put it there or correct the path$/],
    ['media:iso/x', /^media:iso\/x: the medium "iso" has no readable file "x"; put it there or correct the path$/],
    ['media:', /is not a path/],
    ['loop', /no readable file "loop"/],
    ['sub/absent', /no readable file "sub\/absent"/],
    ['sub', /is not a file/],
    ['a\0b', /NUL/],
    [`${'x'.repeat(300)}`, /no readable file/],
    ['media:constructor', /no medium/],
  ];
  for (const [file, message] of cases)
    await assert.rejects(shop.spec({ http: { a: { file } } }), refused('/http/a/file', message), file);
  await assert.rejects(
    shop.spec({ http: { a: { file: 'sub/file' } } }, {}),
    refused('/http/a/file', /there is none: send a tar/),
  );
  await assert.rejects(
    shop.spec({ http: { a: { folder: 'sub/file' } } }),
    refused('/http/a/folder', /is not a folder/),
  );
});

test('a base is known by its header, and its size counts towards what the build takes', async () => {
  await using shop = await workshop();
  await writeFile(join(shop.context, 'base.img'), qcow2());
  await writeFile(join(shop.context, 'raw.img'), Buffer.alloc(3_000_000));
  const spec = await shop.spec({ machine: { disks: [{ base: 'base.img' }, { base: 'raw.img', size: '100M' }] } });
  assert.deepEqual(
    spec.disks.map(({ base, sizeMb }) => [base?.format, base?.virtualMb, sizeMb]),
    [
      ['qcow2', 11, undefined],
      ['raw', 3, 100],
    ],
  );
  assert.equal(spec.boot.device, 'disk');
  assert.deepEqual(demandOf(spec, 0), { memoryMb: 512, diskMb: 13 + 102 + 13 });
});

test('a compressed CD, and a floppy that is an archive, are refused before the machine would find nothing on them', async () => {
  await using shop = await workshop();
  await writeFile(join(shop.context, 'x.iso.xz'), '\xfd7zXZ\0', 'latin1');
  await writeFile(join(shop.context, 'x.fs'), `${'x'.repeat(257)}ustar`);
  const wrong = (machine: object, at: string, words: RegExp) =>
    assert.rejects(shop.spec({ machine: { disks: [{ size: '1G' }], ...machine } }), refused(at, words));
  await wrong({ cdrom: 'x.iso.xz' }, '/machine/cdrom', /is compressed by xz: unpack it first/);
  await wrong({ floppy: 'x.fs' }, '/machine/floppy', /is a tar archive/);
});

test('an image that names a second file of the host is refused when a client sent it', async () => {
  await using shop = await workshop();
  for (const facts of [{ backing: true }, { dataFile: true }]) {
    await writeFile(join(shop.context, 'evil.img'), qcow2(facts));
    const spec = shop.spec({ machine: { disks: [{ base: 'evil.img' }] } });
    await assert.rejects(spec, refused('/machine/disks/0/base', /needs a second file/));
    await writeFile(join(shop.medium, 'layer.img'), qcow2(facts));
    assert.equal((await shop.spec({ machine: { disks: [{ base: 'media:tiny/layer.img' }] } })).disks.length, 1);
  }
  await writeFile(join(shop.context, 'huge.img'), qcow2({ bytes: 2 ** 62 }));
  await assert.rejects(
    shop.spec({ machine: { disks: [{ base: 'huge.img' }] } }),
    refused('/machine/disks/0/base', /too small for its size/),
  );
});

test('no name in an answer tells whether the host has a folder or a file of that name', async () => {
  await using shop = await workshop();
  const outside = join(shop.context, '../elsewhere');
  await mkdir(join(shop.context, 'sets/real'), { recursive: true });
  await writeFile(join(shop.context, 'sets/real/INSTALL.amd64'), '');
  await mkdir(outside);
  await writeFile(join(outside, 'index.txt'), '-rw-r--r-- 1 0 0 0 Jan 1 1970 base79.tgz\n');
  await writeFile(join(outside, 'base79.tgz'), '');
  await symlink(outside, join(shop.medium, 'link'));
  const told = async (directory: string): Promise<unknown> => {
    const http = {
      sets: { folder: 'sets' },
      mirror: { folder: 'media:tiny' },
      'sets/own/site79.tgz': { site: { install_site: 'sub/file' } },
      'install.conf': {
        autoinstall: {
          'System hostname': 'x',
          'Location of sets': 'http',
          'HTTP Server': '{{ http_addr }}',
          'Server directory': directory,
          'Password for root account': '*************',
        },
      },
    };
    const same = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(directory, 'DIRECTORY'));
    return shop.spec({ http }).then(
      (spec) => same(spec.http),
      (error: unknown) => {
        assert.ok(error instanceof Fault, String(error));
        return same(error.facts.errors);
      },
    );
  };
  const nothing = await told('sets/../../nothing');
  for (const there of ['sets/../../elsewhere', 'sets/../../../../../../etc', 'sets/..', 'mirror/link'])
    assert.deepEqual(await told(there), nothing, there);
  assert.notDeepEqual(await told('sets/real'), nothing, 'a folder of the context is not looked into any more');
});

test('a rendered file is served with its placeholders filled in, and content may be a list of lines', async () => {
  await using shop = await workshop();
  await writeFile(join(shop.context, 'ks.cfg'), 'url --url={{ http_url }}/os\nrootpw {{ password }}\n');
  const spec = await shop.spec({
    variables: { password: { default: 'hunter22', sensitive: true } },
    http: {
      'ks.cfg': { file: 'ks.cfg', render: true, type: 'text/x-kickstart' },
      plain: { file: 'ks.cfg' },
      lines: { content: ['one', '{{ http_ip }}'] },
    },
  });
  const [kickstart, plain, lines] = spec.http;
  const address = { runtime: 'http_url', apply: [] };
  assert.deepEqual(kickstart, {
    ...{ path: 'ks.cfg', kind: 'text', type: 'text/x-kickstart' },
    text: ['url --url=', address, '/os\nrootpw hunter22\n'],
  });
  assert.equal(plain?.kind, 'file');
  assert.deepEqual(shownTexts(spec), [
    { path: 'ks.cfg', text: 'url --url={{ http_url }}/os\nrootpw <sensitive>\n' },
    { path: 'lines', text: 'one\n{{ http_ip }}\n' },
  ]);
  assert.equal(lines?.kind, 'text');
});

test('a file that cannot be rendered is refused, an unknown name with its line and column', async () => {
  await using shop = await workshop();
  const rendering = async (bytes: string | Buffer) => {
    await writeFile(join(shop.context, 'f'), bytes);
    return shop.spec({ http: { f: { file: 'f', render: true } } });
  };
  const at = '/http/f/file';
  await assert.rejects(rendering('good\n  {{ http_ulr }}\n'), refused(at, /^line 2, column \d+: .*http_ulr.*unknown/));
  await assert.rejects(rendering(Buffer.from([0xff, 0xfe, 0x41])), refused(at, /no text in UTF-8/));
  await assert.rejects(rendering('x'.repeat(256 * 1024 + 1)), refused(at, /more than 256 KiB/));
  assert.throws(() => parseTemplate({ name: 'x', machine: { floppy: 'media:iso' }, http: { f: { content: 'x', render: true } } }), /render/); // prettier-ignore
});
