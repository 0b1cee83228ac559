import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listScript } from '../src/guest/list-packages.ts';
import { billOf, coverageOf } from '../src/post-processors/materials/bill.ts';
import { readListing } from '../src/post-processors/materials/listing.ts';
import { purlOf } from '../src/post-processors/materials/purl.ts';
import { componentsIn, schemaOfBills } from './fixtures/bills.ts';
import { bench, jobWithout } from './fixtures/post-processing.ts';
import { postProcess } from '../src/build/steps/post-process.ts';
import { listPackages } from '../src/guest/list-packages.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { systemClock } from '../src/base/clock.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { recipeFor } from '../src/build/recipe.ts';
import { Fault } from '../src/base/fault.ts';
import { guestHouse, on } from './ssh-server.ts';

const recorded = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../test/fixtures/guests/${name}`, import.meta.url)), 'utf8');

const facts = {
  ...{ id: '01JDM3W5Z8XG5Y7T1V2B3C4D5E', templateName: 'web', architecture: 'amd64', name: 'web.cdx.json' },
  inputs: [{ name: 'base79.tgz', uri: 'openbsd:7.9/amd64/base79.tgz', sha256: 'ab'.repeat(32) }],
  artifacts: [{ name: 'web.qcow2', sha256: 'cd'.repeat(32) }],
  ...{ at: 1_700_000_000_000, imagedVersion: '1.2.3' },
};

/** Runs the script in a shell whose PATH has these programs in front, each of them the end of a script. */
const listedBy = async (shell: readonly string[], programs: Readonly<Record<string, string>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'sbom-'));
  try {
    await mkdir(join(folder, 'bin'));
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
      await chmod(join(folder, 'bin', name), 0o755);
    }
    const [program = 'sh', ...args] = shell;
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    const { stdout, status } = spawnSync(program, args, { input: listScript, env: { PATH }, encoding: 'utf8' });
    assert.equal(status, 0);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const shells = [['sh'], ['busybox', 'sh'], ['mksh'], ['ksh']].filter(
  ([program = '', ...args]) => spawnSync(program, [...args, '-c', 'true']).status === 0,
);

for (const shell of shells)
  test(`every package that dpkg has installed on this host is in the list, with its version, and no other: ${shell.join(' ')}`, async () => {
    const listing = readListing(await listedBy(shell));
    const form = '${db:Status-Abbrev} ${Package} ${Version}\n';
    const installed = execFileSync('dpkg-query', ['-W', '-f', form], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => line.slice(4));
    assert.ok(installed.length > 50);
    assert.deepEqual(
      listing.packages.map(({ name, version }) => `${name} ${version}`),
      installed,
    );
    assert.deepEqual([listing.refused, listing.isWhole, listing.managers], [0, true, ['dpkg']]);
    assert.equal(listing.distribution?.id, 'debian');
    assert.equal(coverageOf(listing), `${installed.length} by dpkg`);
  });

test('the packages of OpenBSD have their flavours and the machine of their kernel, and its patches are told', async () => {
  const text = await listedBy(['sh'], {
    uname: 'case $1 in -s) echo OpenBSD;; -r) echo 7.9;; -m) echo amd64;; esac',
    pkg_info: `[ "$*" = -q ] && cat <<'END'\n${await recorded('openbsd-pkg-info')}END`,
    syspatch: '[ "$*" = -l ] && printf \'001_xserver\\n002_kern\\n\'',
  });
  // This host has an os-release and a dpkg, which OpenBSD has not.
  const own = text.replace(/^# (os_release|dpkg)\n[^#]*# end\n/gm, '');
  const listing = readListing(own);
  assert.equal(listing.packages.length, 15);
  assert.equal(listing.refused, 0);
  const components = componentsIn(billOf(listing, facts));
  const purls = components.flatMap(({ purl = [] }) => purl);
  assert.ok(
    purls.includes('pkg:bsd/openbsd/vim@9.1.1265?arch=amd64&distro=7.9&flavour=no_x11-python3'),
    purls.join('\n'),
  );
  assert.ok(purls.includes('pkg:bsd/openbsd/p5-xml-parser@2.46p1?arch=amd64&distro=7.9'));
  assert.ok(purls.includes('pkg:bsd/openbsd/updatedb@0p0?arch=amd64&distro=7.9'));
  assert.deepEqual(
    components.find((one) => one['bom-ref'] === 'system')?.properties?.map(({ value }) => value),
    ['OpenBSD 7.9 amd64', '001_xserver', '002_kern'],
  );
});

test('the packages of Alpine have licence, architecture and origin; a virtual one that no version names counts as refused', async () => {
  const lines = (await recorded('alpine-installed')).split('\n').filter((line) => /^([PVALo]:|$)/.test(line));
  const release = 'ID=alpine\nVERSION_ID=3.18.0\nPRETTY_NAME="Alpine Linux v3.18"';
  const text = `# kernel\nLinux\t6.1.0\taarch64\n# end\n# os_release\n${release}\n# end\n# apk\n${lines.join('\n')}\n# end\n# done\n`;
  const listing = readListing(text);
  const components = componentsIn(billOf(listing, facts)).filter(({ type }) => type === 'library');
  assert.deepEqual(
    components.map(({ purl }) => purl),
    [
      'pkg:apk/alpine/alpine-baselayout-data@3.4.3-r1?arch=aarch64&distro=alpine-3.18.0',
      'pkg:apk/alpine/alpine-baselayout@3.4.3-r1?arch=aarch64&distro=alpine-3.18.0',
      'pkg:apk/alpine/libstdc%2B%2B@12.2.1_git20220924-r10?arch=aarch64&distro=alpine-3.18.0',
    ],
  );
  assert.deepEqual(components[2]?.licenses, [{ license: { name: 'GPL-2.0-or-later AND LGPL-2.1-or-later' } }]);
  assert.equal(listing.refused, 1);
  assert.match(coverageOf(listing), /^3 by apk, and not all: 1 lines/);
});

test('RPM tells the epoch where there is one, and its keys are no packages', () => {
  const rows = [
    'bash\t0\t5.2.26\t3.fc40\tx86_64\tGPL-3.0-or-later',
    'bind-libs\t32\t9.18.28\t2.fc40\tx86_64\tMPL-2.0 AND ISC',
    'gpg-pubkey\t0\ta15b79cc\t63d04c2c\t(none)\tpubkey',
  ];
  const text = `# os_release\nID=fedora\nVERSION_ID=40\n# end\n# rpm\n${rows.join('\n')}\n# end\n# done\n`;
  const { packages, refused } = readListing(text);
  assert.equal(refused, 0);
  assert.deepEqual(
    packages.map((one) => purlOf(one, { id: 'fedora', version: '40' })),
    [
      'pkg:rpm/fedora/bash@5.2.26-3.fc40?arch=x86_64&distro=fedora-40',
      'pkg:rpm/fedora/bind-libs@9.18.28-2.fc40?arch=x86_64&distro=fedora-40&epoch=32',
    ],
  );
});

test('package URLs are those of the specification', () => {
  const deb = { manager: 'dpkg', name: 'attr', version: '1:2.4.47-2+b1', arch: 'amd64' } as const;
  assert.equal(purlOf(deb, { id: 'debian' }), 'pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian');
  const php = { manager: 'pkg_info', name: 'php-apache', version: '8.4.8', arch: 'amd64' } as const;
  assert.equal(
    purlOf(php, { id: 'openbsd', version: '7.7' }),
    'pkg:bsd/openbsd/php-apache@8.4.8?arch=amd64&distro=7.7',
  );
});

test('whatever a guest prints in place of its list, a bill comes of it that is valid, says what it lacks, and has no line of it', async () => {
  const isValid = await schemaOfBills();
  const deb = (name: string) => `ii \t${name}\t1.0\tamd64\t${name}\t1.0`;
  const cases: readonly string[] = [
    '',
    'no list at all\n',
    '\u0000\u001b[2J\u009b# dpkg\n',
    `# dpkg\n${deb('good')}\n`,
    `# dpkg\n${deb('good')}\n# failed\n# done\n`,
    `# dpkg\n${deb('good')}\nii \tevil\n${deb('../etc')}\n${deb('a b')}\n# end\n# done\n`,
    `# dpkg\n${deb('good')}\n# end\n# dpkg\n${deb('again')}\n# end\n# done\n`,
    `# dpkg\n${deb('good')}\n# end\n# done\nand more`,
    `# dpkg\n${deb('good')}\n# end\n# done`.slice(0, -1),
    `# pkg_info\n${'a-'.repeat(100_000)}1\n# end\n# done\n`,
    `# apk\nP:a\nP:b\nV:1\n\nV:1\n\nP:${'x'.repeat(5000)}\nV:1\n# end\n# done\n`,
    `# os_release\nID="><script>"\n# end\n# __proto__\nx\n# end\n# done\n`,
  ];
  for (const text of cases) {
    const listing = readListing(text);
    const bill = billOf(listing, facts);
    assert.deepEqual(isValid(bill), [], text.slice(0, 100));
    assert.doesNotMatch(JSON.stringify(bill), /evil|\.\.\/etc|a b|again|script|x{100}|no list/);
    if (text.includes('__proto__')) continue;
    assert.match(JSON.stringify(bill), /"aggregate":"incomplete"/, text.slice(0, 100));
  }
});

test('a system without a package manager has a bill of what imaged knows, which says so', async () => {
  const isValid = await schemaOfBills();
  const bill = billOf(readListing('# kernel\nLinux\t6.1.0-cloud\tx86_64\n# end\n# done\n'), facts);
  assert.deepEqual(isValid(bill), []);
  assert.deepEqual(
    componentsIn(bill).map(({ name }) => name),
    ['Linux', 'base79.tgz'],
  );
  assert.match(JSON.stringify(bill), /none: the guest has no package manager/);
  assert.match(JSON.stringify(bill), new RegExp(`"content":"${'ab'.repeat(32)}"`));
});

test('the bill of this host with all its packages is valid, and comes out the same each time', async () => {
  const isValid = await schemaOfBills();
  const text = await listedBy(['sh']);
  const bill = billOf(readListing(text), facts);
  assert.deepEqual(isValid(bill), []);
  assert.notDeepEqual(isValid({ ...bill, serialNumber: 'urn:uuid:1' }), []);
  assert.deepEqual(billOf(readListing(text), facts), bill);
  assert.match(
    JSON.stringify(bill),
    /"serialNumber":"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/,
  );
});

test('the post-processor writes the bill beside what it takes, which has its digest from then on', async () => {
  await using at = await bench();
  const isValid = await schemaOfBills();
  await writeFile(at.disk.path, 'bytes');
  const list = join(at.workspace, 'packages');
  await writeFile(
    list,
    '# kernel\nLinux\t6.1.0\tx86_64\n# end\n# dpkg\nii \tgood\t1.0\tamd64\tgood\t1.0\n# end\n# done\n',
  );
  at.tools.past.inputTaken({ name: 'base', uri: 'https://example.org/base', sha256: 'ab'.repeat(32) });
  const drafts = [{ name: 'a.raw', mediaType: 'application/x-raw-disk-image', from: at.disk.path }];
  const spec = { type: 'sbom', settings: { output: 'a.cdx.json' }, name: 'sbom-1', timeoutMs: 1, newMb: 1 } as const;
  const needs = { job: jobWithout, workspace: at.workspace, disks: [], drafts, collected: { packages: list } };
  const hypervisor = { convertDisk: () => Promise.reject(new Error('none')) };
  const step = postProcess({ ...spec, takes: ['a.raw'] }, 0);
  const given = (await step.run(needs, { ...at.tools, hypervisor, signal: on() })).drafts;
  assert.deepEqual(
    given.map(({ name, mediaType }) => [name, mediaType]),
    [
      ['a.raw', 'application/x-raw-disk-image'],
      ['a.cdx.json', 'application/vnd.cyclonedx+json'],
    ],
  );
  assert.match(given[0]?.known?.sha256 ?? '', /^[0-9a-f]{64}$/);
  const text = await readFile(given[1]?.from ?? '', 'utf8');
  assert.deepEqual(isValid(JSON.parse(text) as object), []);
  assert.ok(text.includes(given[0]?.known?.sha256 ?? 'none'));
  assert.ok(text.includes('pkg:deb/unknown/good@1.0?arch=amd64'), text);
  assert.ok(text.includes('ab'.repeat(32)));
  assert.deepEqual(at.tools.lines, ['packages in the bill: 1 by dpkg']);
});

test('a list is taken over ssh as the guest prints it, and of one that does not end only so much as may be', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on());
  const file = join(house.folder, 'packages');
  await listPackages(guest, { file, mostBytes: 1_000_000 }, on());
  const listing = readListing(await readFile(file, 'utf8'));
  assert.equal(listing.isWhole, true);
  assert.ok(listing.packages.length > 50);
  const short = join(house.folder, 'short');
  await listPackages(guest, { file: short, mostBytes: 1000 }, on());
  const cut = await readFile(short, 'utf8');
  assert.equal(cut.length, 1000);
  assert.match(coverageOf(readListing(cut)), /the guest did not end its list/);
});

const template = {
  name: 'web',
  machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] },
  post_processors: [{ type: 'compress', keep_input_artifact: true }, { type: 'sbom' }],
};

const resolved = (communicator: object) =>
  resolve({
    template: parseTemplate({ ...template, ...communicator }),
    variables: {},
    files: { media: { floppy: '/etc/hostname' } },
    frozen: { buildId: 'id', timestampMs: 0 },
    defaults: { timeoutMs: 1 },
  });

test('a bill is refused where no communicator could ask for packages, and else the guest is asked before it is sealed', async () => {
  const { steps } = recipeFor(await resolved({ communicator: { type: 'ssh', username: 'root' } }));
  const names = steps.map(({ name }) => name);
  assert.ok(names.includes('hash-inputs'));
  assert.equal(names.indexOf('seal'), names.indexOf('list-packages') + 1);
  await assert.rejects(resolved({}), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual(error.facts.errors, [
      {
        pointer: '/post_processors/1',
        message: 'is "sbom", which asks the guest for its packages, and there is no "communicator" for it',
      },
    ]);
    return true;
  });
});
