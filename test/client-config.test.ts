import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findServer } from '../src/client/config/server.ts';
import { readHosts, writeHost } from '../src/client/config/hosts.ts';
import { ClientError } from '../src/client/client-error.ts';
import { apiShop } from './api-shop.ts';
import { imagectl, imagectlInTerminal } from './fixtures/imagectl.ts';

const home = await mkdtemp(join(tmpdir(), 'imagectl-'));
after(() => rm(home, { recursive: true }));

let count = 0;

/** An environment with a configuration of its own. */
const configured = async (text?: string, mode = 0o600) => {
  const folder = join(home, String(++count));
  await mkdir(join(folder, 'imaged'), { recursive: true });
  const file = join(folder, 'imaged', 'config.toml');
  if (text !== undefined) await writeFile(file, text, { mode });
  return { file, environment: { XDG_CONFIG_HOME: folder } };
};

const two = `default = "lab"
[hosts.lab]
url = "http://lab.example.org:8080"
token = "of-the-lab"
[hosts.office]
url = "https://office.example.org/imaged"
token = "of-the-office"
`;

const refusedAs = (pattern: RegExp) => (error: unknown) =>
  error instanceof ClientError && error.ending === 'usage' && pattern.test(error.message);

const found = async (host: string | undefined, environment: Readonly<Record<string, string>>) => {
  const { url, token } = await findServer(host, environment);
  return [url.href, token];
};

test('a host is named by --host, by IMAGED_URL, or is the default, and a token goes to its own address alone', async () => {
  const { environment } = await configured(two);
  assert.deepEqual(await found(undefined, environment), ['http://lab.example.org:8080/', 'of-the-lab']);
  assert.deepEqual(await found('office', environment), ['https://office.example.org/imaged', 'of-the-office']);
  const elsewhere = { ...environment, IMAGED_URL: 'http://127.0.0.1:8080' };
  assert.deepEqual(await found(undefined, elsewhere), ['http://127.0.0.1:8080/', undefined]);
  const given = { ...elsewhere, IMAGED_TOKEN: 'given' };
  assert.deepEqual(await found(undefined, given), ['http://127.0.0.1:8080/', 'given']);
  assert.deepEqual(await found('lab', given), ['http://lab.example.org:8080/', 'of-the-lab']);
  const known = { ...environment, IMAGED_URL: 'http://lab.example.org:8080' };
  assert.deepEqual(await found(undefined, known), ['http://lab.example.org:8080/', 'of-the-lab']);
});

test('a configuration that others can read is refused with what to type', async () => {
  for (const mode of [0o640, 0o604, 0o622]) {
    const { environment, file } = await configured(two);
    await chmod(file, mode);
    await assert.rejects(findServer(undefined, environment), refusedAs(/chmod 600 /), mode.toString(8));
  }
});

test('what is wrong in a configuration is told with its place', async () => {
  for (const [text, pattern] of [
    ['hosts = 1', /hosts is to be a table/],
    ['[hosts.a]\ntoken = "x"', /hosts\.a\.url is missing/],
    ['[hosts.a]\nurl = "x"\nfoo = 1', /hosts\.a\.foo is an unknown key; there is: url, token/],
    ['= 1', /is no TOML/],
    ['default = "b"\n[hosts.a]\nurl = "http://a"', /no host "b" .* it has: a/],
    ['default = "a"\n[hosts.a]\nurl = "ftp://a"', /hosts\.a\.url is "ftp:\/\/a"/],
  ] as const) {
    const { environment } = await configured(text);
    await assert.rejects(findServer(undefined, environment), refusedAs(pattern), text);
  }
});

test('a host is written beside the others, and no one else can read it', async () => {
  const { environment } = await configured();
  await writeHost(environment, 'one', { url: 'http://one', token: 'a' });
  const file = await writeHost(environment, 'two', { url: 'http://two', token: 'b' });
  const { hosts, default: standard } = await readHosts(environment);
  assert.deepEqual([Object.keys(hosts), standard], [['one', 'two'], 'one']);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('login keeps a token that works, which is not shown while it is typed, and refuses one that does not', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { environment, file } = await configured();
  const secret = shop.auth.authorization.replace('Bearer ', '');
  const wrong = await imagectl(['login', url], environment, 'imaged_wrong\n');
  assert.equal(wrong.code, 5);
  await assert.rejects(stat(file));
  await using terminal = imagectlInTerminal(['--host', 'shop', 'login', url], environment);
  await terminal.shows(/Token:$/);
  terminal.type(`${secret}\r`);
  assert.equal(await terminal.ended, 0);
  assert.ok(!terminal.bytes().includes(secret));
  assert.match(await readFile(file, 'utf8'), new RegExp(secret));
  const listed = await imagectl(['list'], environment);
  assert.deepEqual([listed.code, listed.stderr], [0, 'There is no build yet. Start one: imagectl build DIR\n']);
});
