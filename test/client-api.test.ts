import assert from 'node:assert/strict';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { z } from 'zod';
import { Fault } from '../src/base/fault.ts';
import { makeApi } from '../src/client/api/api.ts';
import { ClientError } from '../src/client/client-error.ts';
import { sendFolder } from '../src/client/input/packed-folder.ts';
import { processOutput } from '../src/client/show/output.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { imagectl } from './fixtures/imagectl.ts';
import { aBuild, aFault, anArtifact, claimed } from './store-shop.ts';

const home = await mkdtemp(join(tmpdir(), 'imagectl-'));
after(() => rm(home, { recursive: true }));

let count = 0;

/** A folder with these files. */
const folderOf = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(home, `${++count}-`));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
};

/** imagectl against the API, with a token that may do everything. */
const against = async (shop: ApiShop) => {
  const { url } = await shop.listen();
  const { authorization } = await shop.token(['admin']);
  const env = { IMAGED_URL: url, IMAGED_TOKEN: authorization.replace('Bearer ', '') };
  return (args: readonly string[], input?: string | Buffer) => imagectl(args, env, input);
};

/** A build of the store that has ended so. */
const ended = async (shop: ApiShop, outcome: 'succeeded' | 'failed' | 'cancelled', name = 'disk.qcow2') => {
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  if (outcome === 'succeeded')
    await shop.store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact(name)] });
  else
    await shop.store.finish(build.id, token, {
      status: outcome,
      fault: aFault(outcome === 'failed' ? 'console_silent' : 'cancelled'),
    });
  return build.id;
};

const template = {
  name: 'shop',
  machine: { memory: '256M', disks: [{ size: '1G' }], cdrom: 'media:shop/boot.iso' },
  artifacts: [{ name: 'disk.qcow2', format: 'qcow2' }],
};

/** The line of a text that has the word, and its column, as an editor counts them. */
const placeIn = (text: string, word: string) => {
  const before = text.slice(0, text.indexOf(word)).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
};

const hcl = `source "qemu" "shop" {
  iso_url      = "media:shop/boot.iso"
  iso_checksum = "none"
  headless     = treu
}
build {
  sources = ["source.qemu.shop"]
}
`;

test('a wrong template is shown with its line and a caret under the place, in JSON, YAML and HCL', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  const json = JSON.stringify({ ...template, machine: { memroy: '256M' } }, null, 2);
  const yaml = 'name: shop\nmachine:\n  # "ä" is one character\n  disks: [{ size: 1G }]\n  memroy: 256M\n';
  for (const [name, text, word] of [
    ['template.json', json, '"memroy"'],
    ['template.yaml', yaml, 'memroy'],
    ['shop.pkr.hcl', hcl, 'treu'],
  ] as const) {
    const { code, stderr } = await run(['validate', await folderOf({ [name]: text })]);
    const { line, column } = placeIn(text, word);
    assert.equal(code, 5, stderr);
    assert.match(stderr, new RegExp(`^${name}:${line}:${column}$`, 'm'), stderr);
    const lines = stderr.split('\n');
    const at = lines.findIndex((one) => one.startsWith(`  ${line} | `));
    const under = lines[at + 1] ?? '';
    assert.equal(lines[at]?.slice(under.indexOf('^')).startsWith(word), true, stderr);
  }
});

test('a document that is cut or indented wrongly is shown at its place, as what is wrong in it is', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  for (const [name, text, place] of [
    ['template.json', '{ "name": "shop",\n  "machine": { "memory": 1 ', '2:28'],
    ['template.yaml', 'name: shop\nmachine:\n  memory: 256M\n   disks: []\n', '3:11'],
    ['variables.json', '{ "a": }', '1:8'],
  ] as const) {
    const files = { ...(name === 'variables.json' ? { 'template.json': JSON.stringify(template) } : {}), [name]: text };
    const { code, stderr } = await run(['validate', await folderOf(files)]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, new RegExp(`^${name}:${place}$`, 'm'), stderr);
    assert.match(stderr, /^ {4}\| +\^$/m, stderr);
  }
});

test('a variable that is given no value is shown where its file declares it', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  const folder = await folderOf({ 'shop.pkr.hcl': `# first\nvariable "who" {\n  type = number\n}\n${hcl.replace('treu', 'true')}` }); // prettier-ignore
  const { stderr } = await run(['validate', folder]);
  assert.match(stderr, /^shop\.pkr\.hcl:2:1\n {2}2 \| variable "who" \{\n {4}\| \^\n {2}variable who has no value, /m);
  const wrong = await run(['validate', folder, '-v', 'who=x']);
  assert.match(wrong.stderr, /^ {2}variable who is no number, as the type of the variable asks for: /m);
  const values = join(folder, 'a.pkrvars.hcl');
  await writeFile(values, 'who = 3\n');
  assert.match(
    (await run(['validate', folder, '--var-file', values])).stderr,
    /is HCL, .* as NAME\.auto\.pkrvars\.hcl/,
  );
});

test('what a daemon says in calls of its API is told as one types it: options, commands, and a template that is not there', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  const folder = await folderOf({ 'template.json': JSON.stringify(template) });
  for (const [args, pattern] of [
    [['validate', folder, '--machine', 'other'], /^--machine is "other"/m],
    [['build', folder, '--timeout', 'soon'], /^--timeout "soon" is not a duration/m],
    [['show', '01JZ8Q4M3V9T7K2E5W6X1Y0ABC'], /There is no build 01JZ8Q4M3V9T7K2E5W6X1Y0ABC\. imagectl list lists/],
    [
      ['show', 'nothing'],
      /^imagectl: "nothing" is not an id: ids have 26 characters, such as \w{26}; imagectl list lists those of builds\./,
    ],
    [['templates', 'show', 'nothing'], /There is no template nothing\. imagectl templates lists/],
    [['build', 'nothing'], /^imagectl: "nothing" is neither a folder here nor a stored template; imagectl templates lists these\. \(template_invalid\)$/m], // prettier-ignore
    [
      ['build', await folderOf({})],
      /^imagectl: The context has no template at its top \([^)]*\)\. \(context_invalid\)$/m,
    ],
  ] as const) {
    const { code, stderr } = await run(args);
    assert.equal(code, 5, stderr);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /\b(?:GET|PUT|POST) \/|query:/);
  }
});

test('what is no imaged, or one of another release, is told in a sentence, and no token is shown', async () => {
  let answer: readonly [type: string, text: string] = ['text/html', '<html>hello</html>'];
  const server = createServer(
    (_request, reply) => void reply.writeHead(200, { 'content-type': answer[0] }).end(answer[1]),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { IMAGED_URL: `http://127.0.0.1:${port}`, IMAGED_TOKEN: 'imgd_x' };
  for (const text of ['<html>hello</html>', 'null', '[]', '5']) {
    answer = ['application/json', text];
    const { code, stderr } = await imagectl(['list'], env);
    assert.deepEqual([code, stderr], [5, `imagectl: ${env.IMAGED_URL}/ answered, and not as imaged does: is this the address of an imaged?\n`]); // prettier-ignore
  }
  answer = ['application/json', '{"items":[{}]}'];
  const other = await imagectl(['list'], env);
  assert.equal(other.code, 1);
  assert.match(
    other.stderr,
    /^imagectl: This cannot be gone on with: TypeError: .*\n.* of another release .* IMAGED_TRACE=1 .*\n$/,
  );
  assert.match((await imagectl(['list'], { ...env, IMAGED_TRACE: '1' })).stderr, /^ {4}at /m);
  server.close();
  const token = await imagectl(['list'], { ...env, IMAGED_TOKEN: 'imgd_secret\nword' });
  assert.equal(token.code, 2);
  assert.match(token.stderr, /^imagectl: IMAGED_TOKEN is no token: /);
  assert.doesNotMatch(token.stderr, /secret/);
  const tls = await imagectl(['list'], { ...env, IMAGED_URL: 'http://nowhere.invalid' });
  assert.equal(tls.code, 4);
  assert.match(
    tls.stderr,
    /cannot be reached: (?:no host has this name|the name server does not answer) \(E\w+\)\. Is/,
  );
});

test('what the system refuses is told with the file and the reason, and without a trace', async () => {
  const about = { IMAGED_URL: 'http://127.0.0.1:9', IMAGED_TOKEN: 'x' };
  const variables = await imagectl(['build', '--var-file', '/nonexistent/v.json', home], about);
  assert.deepEqual([variables.code, variables.stderr], [2, 'imagectl: /nonexistent/v.json cannot be read: no such file or directory (ENOENT)\n']); // prettier-ignore
  await using shop = await apiShop();
  const run = await against(shop);
  const id = await ended(shop, 'succeeded');
  const half = await run(['download', '-o', '/proc/nothing', id]);
  assert.deepEqual([half.code, half.stderr], [1, 'imagectl: /proc/nothing cannot be used: no such file or directory (ENOENT) at mkdir.\n']); // prettier-ignore
  const nowhere = await run(['download', '-o', '/dev/null/out', id]);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /^imagectl: \/dev\/null\/out cannot be used: not a directory \(ENOTDIR\) at \w+\.\n$/);
});

for (const when of ['before it is read', 'while it is read'])
  test(`a file that becomes shorter ${when} for sending is told as that, and not as a daemon that is away`, async () => {
    await using shop = await apiShop();
    const { url } = await shop.listen();
    const api = makeApi({ url: new URL(url), token: shop.auth.authorization.replace('Bearer ', '') });
    const folder = await folderOf({});
    const file = join(folder, 'large');
    await writeFile(file, randomBytes(3 * 2 ** 20));
    const call = async ({ body: { content } }: { readonly body: { readonly content: unknown } }): Promise<Response> => {
      const body = content as Readable;
      if (when === 'while it is read') await once(body, 'readable');
      truncateSync(file);
      if (when === 'before it is read') await new Promise((closed) => body.once('close', closed));
      await buffer(body).catch((cause: unknown) => {
        throw new ClientError('unreachable', 'The daemon is away.', { cause });
      });
      throw new Error('It was sent.');
    };
    const told: unknown[] = [];
    const sending = sendFolder(api, { folder, made: [], extra: {} }, { ...processOutput({}), tell: (...lines) => told.push(lines) }, call); // prettier-ignore
    await assert.rejects(sending, (error) => error instanceof Fault && /"large" could not be packed: it has become shorter/.test(error.message)); // prettier-ignore
    assert.deepEqual(told, []);
  });

test('a folder that cannot be sent is told by what is in the way', async () => {
  await using shop = await apiShop();
  const run = await against(shop);
  const rules = await folderOf({ 'template.json': '{}' });
  await mkdir(join(rules, '.imagedignore'));
  const strange = await folderOf({ 'template.json': '{}' });
  await writeFile(Buffer.concat([Buffer.from(`${strange}/`), Buffer.from([0xff])]), '');
  for (const [wanted, ending, pattern] of [
    [rules, 5, /\.imagedignore is no file: it is to hold the patterns/],
    [strange, 5, /has a name that is no UTF-8: rename it\.$/m],
    [
      join(rules, 'template.json'),
      2,
      /template\.json is a file: name the folder that it is in, .*, all of which is sent\.$/m,
    ],
    ['', 2, /There is no folder "", and/],
  ] as const) {
    const { code, stderr } = await run(['validate', wanted]);
    assert.equal(code, ending, stderr);
    assert.match(stderr, pattern);
  }
});

test('what is wrong in a line full of escapes names them, and a file outside the folder is never shown', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  const hostile = JSON.stringify({ ...template, '\u001b[31mbad': 1, '\u009b2J': 2 }).replace(/\\u00../g, (found) => String(JSON.parse(`"${found}"`)) === '\x9b' ? '\x9b' : found); // prettier-ignore
  const { code, stderr } = await run(['validate', await folderOf({ 'template.json': hostile })]);
  assert.equal(code, 5);
  assert.doesNotMatch(stderr, /[\x1b\x9b]/);
});

test('validate shows of each step whether a kept layer leaves it out, and why not once for all that follow', async () => {
  const why = 'provisioners/1: file setup.sh has changed';
  const preview = async () => ({
    steps: [
      { step: 'shut-down', outcome: 'miss' as const, why },
      { step: 'export-disk.qcow2', outcome: 'miss' as const, why },
    ],
    from: { step: 'connect', kind: 'machine' as const, buildId: 'ABC', savedSeconds: 42 },
  });
  await using shop = await admittingShop({ preview });
  const run = await against(shop);
  const { stdout, stderr } = await run(['validate', await folderOf({ 'template.json': JSON.stringify(template) })]);
  assert.match(stdout, /goes on from +what build ABC has kept after connect: 42\.0 s are saved/, stderr);
  assert.match(stdout, /^export-disk\.qcow2 .* miss/m);
  assert.equal(stdout.split(why).length, 2, stdout);
});

test('variables of the command line and of files go in no address, and take the place of those of the folder', async () => {
  await using shop = await admittingShop();
  const run = await against(shop);
  const variables = { size: { default: '1G' }, word: { default: 'none', sensitive: true } };
  const folder = await folderOf({
    'template.json': JSON.stringify({ ...template, variables, machine: { ...template.machine, disks: [{ size: '{{ size }}' }] } }), // prettier-ignore
    'variables.json': '{"size": "2G"}',
  });
  const file = join(await folderOf({ 'more.yaml': 'word: hunter22\n' }), 'more.yaml');
  const first = await run(['validate', '--json', folder]);
  assert.match(first.stdout, /"size":"2G"/, first.stderr);
  const { stdout, stderr, code } = await run(['validate', '--json', folder, '-v', 'size=3G', '--var-file', file]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"size":"3G"/);
  assert.doesNotMatch(shop.told.join('\n'), /hunter22|3G/);
  assert.equal(await readFile(join(folder, 'variables.json'), 'utf8'), '{"size": "2G"}');
  assert.equal((await run(['validate', folder, '-v', 'novalue'])).code, 2);
  assert.equal((await run(['validate', folder, '--var-file', '/nonexistent'])).code, 2);
});

test('the exit code says how a build ended: 0, 1, 3; refused is 5, unreachable 4', async () => {
  await using shop = await apiShop();
  const run = await against(shop);
  const [good, bad, off] = [
    await ended(shop, 'succeeded'),
    await ended(shop, 'failed'),
    await ended(shop, 'cancelled'),
  ];
  const codes = [];
  for (const id of [good, bad, off, '01ARZ3NDEKTSV4RRFFQ69G5FAV']) codes.push((await run(['watch', id])).code);
  assert.deepEqual(codes, [0, 1, 3, 5]);
  const nobody = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => nobody.once('listening', resolve));
  const { port } = nobody.address() as AddressInfo;
  await new Promise((resolve) => nobody.close(resolve));
  // Nobody waits for these, so that they say so at once.
  for (const args of [['list'], ['cancel', good], ['log', good], ['build', 'stored']]) {
    const away = await imagectl(args, { IMAGED_URL: `http://127.0.0.1:${port}` });
    assert.equal(away.code, 4);
    assert.match(away.stderr, /cannot be reached: .*ECONNREFUSED/);
    assert.doesNotMatch(away.stderr, /Asking again/);
  }
});

test('what answers and is no imaged is said to be none', async () => {
  const server = createServer((_, reply) => void reply.writeHead(404).end('<html>no</html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await imagectl(['list'], { IMAGED_URL: `http://127.0.0.1:${port}` });
  server.close();
  assert.equal(code, 5);
  assert.match(stderr, /answered 404, and not as imaged does/);
});

test('an answer without an end is given up, and not kept in memory', async () => {
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const server = createServer((_, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!reply.destroyed && reply.write(piece));
    };
    reply.on('drain', more);
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await imagectl(['show', '01ARZ3NDEKTSV4RRFFQ69G5FAV'], {
    IMAGED_URL: `http://127.0.0.1:${port}`,
  });
  server.closeAllConnections();
  server.close();
  assert.equal(code, 4);
  assert.match(stderr, /the reply has more than 67108864 bytes/);
});

test('the token goes with no redirect', async () => {
  const asked: (string | undefined)[] = [];
  const other = createServer(({ headers }, reply) => {
    asked.push(headers.authorization);
    reply.end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const first = createServer((_, reply) => void reply.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end());
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
  const { port: door } = first.address() as AddressInfo;
  const { code } = await imagectl(['list'], { IMAGED_URL: `http://127.0.0.1:${door}`, IMAGED_TOKEN: 'secret' });
  first.close();
  other.close();
  assert.deepEqual([code, asked], [5, []]);
});

test('lists and builds are shown for people, and as JSON, one value a line', async () => {
  await using shop = await apiShop();
  const run = await against(shop);
  const good = await ended(shop, 'succeeded');
  const bad = await ended(shop, 'failed');
  const { stdout } = await run(['list']);
  assert.match(stdout, new RegExp(`^${bad}  failed .*console_silent$`, 'm'));
  assert.match(stdout, new RegExp(`^${good}  succeeded `, 'm'));
  const json = (await run(['list', '--json', '--status', 'failed'])).stdout.trimEnd().split('\n');
  assert.deepEqual(
    json.map((line) => (JSON.parse(line) as { id: string }).id),
    [bad],
  );
  assert.match((await run(['show', bad])).stdout, /^status +failed[^]*\(console_silent\)\n {2}as the test wants it/m);
  assert.match((await run(['artifacts', good])).stdout, /^disk\.qcow2 .* [0-9a-f]{64}$/m);
  assert.match((await run(['show'])).stdout, new RegExp(`^build +${bad}`), 'without an id it is the newest');
});

test('a build at a breakpoint says which, how it is logged in to, what goes on, and when it fails', async () => {
  const pauses = () => [{ name: 'look', note: 'at the disks', until: Date.UTC(2026, 0, 2), ssh: 'ssh -p 22 root@vm' }];
  await using shop = await apiShop({ live: { pauses } });
  const run = await against(shop);
  await shop.store.add(aBuild());
  const { build } = await claimed(shop.store);
  const { stdout } = await run(['show', build.id]);
  assert.match(stdout, /^at breakpoint +look: at the disks\ngoes on by +imagectl resume \w{26}\nfails at +2026-01-02T00:00:00\.000Z\nlog in +ssh -p 22 root@vm$/m); // prettier-ignore
});

test('the log is text without escapes; --raw gives the console as it is, into a pipe', async () => {
  await using shop = await apiShop();
  const run = await against(shop);
  const id = await ended(shop, 'succeeded');
  await shop.write(shop.folders.console(id), 'a\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n');
  assert.equal((await run(['console', id])).stdout, 'ared\n');
  assert.equal((await run(['console', '-f', id])).stdout, 'ared\n');
  assert.equal((await run(['console', '--raw', id])).stdout, 'a\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n');
});

test('a daemon that has no such call is said to be one that cannot, and not that the build is missing', async () => {
  const id = '01JZ8Q4M3V9T7K2E5W6X1Y0ABC';
  const server = createServer(({ url, method }, reply) => {
    if (method === 'GET' && url === `/builds/${id}`) return void reply.end(JSON.stringify({ id, status: 'failed' }));
    const problem = { code: 'not_found', status: 404, detail: 'There is no such path.' };
    reply.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = { IMAGED_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  for (const [args, pattern] of [
    [['layers'], /This imaged keeps no layers/],
    [['retry', id], /This imaged cannot retry builds/],
    [['rebuild', '--strict', id], /This imaged cannot rebuild builds/],
    [['resume', id], /This imaged cannot resume builds/],
    [['retry', '01ARZ3NDEKTSV4RRFFQ69G5FAV'], /There is no such path/],
  ] as const) {
    const { code, stderr } = await imagectl(args, env);
    assert.equal(code, 5);
    assert.match(stderr, pattern);
  }
  server.close();
});

test('templates are stored, listed, shown and deleted; secrets are read from standard input', async () => {
  await using shop = await apiShop();
  const run = await against(shop);
  const folder = await folderOf({ 'template.json': '{"name":"tiny"}' });
  assert.deepEqual((await run(['templates', 'store', 'tiny', folder])).stdout, 'tiny@1\n');
  for (const args of [
    ['store', 'tiny', folder],
    ['show', 'tiny'],
  ]) {
    const [line = '', ...others] = (await run(['templates', ...args, '--json'])).stdout.trimEnd().split('\n');
    assert.deepEqual([z.object({ version: z.int() }).parse(JSON.parse(line)).version, others], [1, []]);
  }
  assert.match((await run(['templates'])).stdout, /^tiny +1 /m);
  assert.match((await run(['templates', 'show', 'tiny@1'])).stdout, /"name": "tiny"/);
  assert.equal((await run(['templates', 'delete', 'tiny'])).code, 0);
  assert.equal((await run(['templates', 'show', 'tiny'])).code, 5);
  assert.equal((await run(['secrets', 'set', 'password', '--for-template', 'tiny'], 'hunter22\n')).code, 0);
  assert.match((await run(['secrets'])).stdout, /^password +1 .* tiny$/m);
  assert.equal((await run(['secrets', 'delete', 'password'])).code, 0);
  const told: unknown = JSON.parse((await run(['secrets', 'set', 'other', '--json'], 'two\nlines\n')).stdout);
  assert.deepEqual([z.object({ version: z.int() }).parse(told).version], [1]);
  const bytes = await run(['secrets', 'set', 'bytes'], Buffer.from([0xff, 0xfe, 0x00, 0x41]));
  assert.match(bytes.stderr, /is no text in UTF-8/);
  assert.equal(bytes.code, 2);
  assert.match((await run(['secrets', 'set', 'long'], 'x'.repeat(1024 * 1024 + 1))).stderr, /^imagectl: More than/);
});
