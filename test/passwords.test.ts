import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compare } from 'bcryptjs';
import { z } from 'zod';
import { Fault } from '../src/base/fault.ts';
import { hashPassword } from '../src/openbsd/passwords/hash.ts';
import { passwordVariables } from '../src/openbsd/passwords/uses.ts';
import { isPasswordKey, kindOfPassword } from '../src/openbsd/passwords/forms.ts';
import { render } from '../src/template/language/render.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { sealDocument, sealVariables } from '../src/openbsd/passwords/seal.ts';
import { awaitEvent } from './fixtures/follow-events.ts';
import { startImaged } from './fixtures/imaged.ts';
import { openbsdMedia } from './fixtures/openbsd-media.ts';
import { tarOf } from './fixtures/tiny-builds.ts';
import { cp, writeFile } from 'node:fs/promises';

const openbsd = await openbsdMedia();
const imaged = await startImaged({ media: openbsd.media });
after(async () => {
  await imaged[Symbol.asyncDispose]();
  await openbsd[Symbol.asyncDispose]();
});

const root = 'Password for root account';
const user = 'Password for user puffy';
const hash = `$2b$10$${'a'.repeat(53)}`;

const document = (autoinstall: object, variables: object = {}, more: object = {}) => ({
  name: 'openbsd',
  machine: {
    memory: '1G',
    disks: [{ size: '10G' }],
    boot: { kernel: 'media:openbsd/7.9/amd64/bsd.rd', device: 'net' },
  },
  variables,
  http: { 'install.conf': { autoinstall }, 'pub/OpenBSD/7.9': { folder: 'media:openbsd/7.9' } },
  ...more,
});

/**
 * The names of files below the data folder in which a text stands: the store, its log, contexts, builds. A pipe of a machine,
 * of which there are some meanwhile, holds nothing, and who opens one waits for its other end for ever.
 */
const filesWith = async (text: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const entry of await readdir(imaged.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    if (bytes.includes(text)) found.push(entry.name);
  }
  return found;
};

const Problem = z.object({ errors: z.array(z.object({ pointer: z.string(), message: z.string() })) });

const refusedBy = async (body: unknown) => {
  const reply = await imaged.call('/builds', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }); // prettier-ignore
  assert.equal(reply.status, 422, await reply.clone().text());
  return Problem.parse(await reply.json()).errors;
};

const responseFileOf = async (template: unknown, variables: Readonly<Record<string, string>> = {}): Promise<string> => {
  const spec = await resolve({
    template: parseTemplate(template),
    variables,
    files: { context: openbsd.context, media: openbsd.media },
    frozen: { buildId: 'b', timestampMs: 1 },
    defaults: { timeoutMs: 1000 },
  });
  const [entry] = spec.http;
  assert.ok(entry?.kind === 'text');
  const nothing = { http_url: '', http_ip: '', http_port: '', http_addr: '', http_host: '', host_ip: '', guest_ip: '', mac: '', vm_name: '', ssh_public_key: '' }; // prettier-ignore
  return render(entry.text, nothing);
};

const answerIn = (file: string, question: string) => new RegExp(`^${question} = (.*)$`, 'm').exec(file)?.[1] ?? '';

test('a plain password of a template sent as JSON is a bcrypt hash before the store sees it', async () => {
  const { id } = await imaged.post({ template: document({ [root]: 'Tr0ub4dor&3-inline' }) });
  const shown = await (await imaged.call(`/builds/${id}?include=template`)).text();
  assert.doesNotMatch(shown, /Tr0ub4dor/);
  assert.deepEqual(await filesWith('Tr0ub4dor&3-inline'), []);
  // The store is encrypted: what it keeps is what it gives.
  assert.deepEqual(await filesWith('$2b$10$'), []);
  assert.match(await (await imaged.call(`/builds/${id}/input`)).text(), /\$2b\$10\$/);
});

test('a plain password of a context is hashed in the store and in the file it came in', async () => {
  const folder = join(openbsd.context, '..', 'packed');
  await cp(openbsd.context, folder, { recursive: true });
  await writeFile(join(folder, 'template.json'), JSON.stringify(document({ [root]: 'Tr0ub4dor&3-packed' })));
  const reply = await imaged.call('/builds', { method: 'POST', headers: { 'content-type': 'application/x-tar' }, body: await tarOf(folder) }); // prettier-ignore
  assert.equal(reply.status, 201, await reply.text());
  assert.deepEqual(await filesWith('Tr0ub4dor&3-packed'), []);
});

test('a stored template keeps the hash alone, and is the same version when it is sent again', async () => {
  const put = () => imaged.call('/templates/openbsd', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(document({ [root]: 'Tr0ub4dor&3-stored' })) }); // prettier-ignore
  assert.equal((await put()).status, 201);
  assert.equal((await put()).status, 200);
  assert.deepEqual(await filesWith('Tr0ub4dor&3-stored'), []);
  await imaged.post({ template: 'openbsd' });
});

test('the value of a variable that is nothing but a password is its hash in the store, whatever its pattern', async () => {
  const template = document(
    { [root]: '{{ secret }}', 'Setup a user': 'puffy', [user]: '{{user `secret`}}' },
    { secret: { sensitive: true, pattern: '[A-Za-z0-9-]{12,}' } },
  );
  const { id } = await imaged.post({ template, variables: { secret: 'correct-horse-battery' } });
  assert.deepEqual(await filesWith('correct-horse-battery'), []);
  // The medium holds nothing that boots; what counts is that the template is taken again, with the hash.
  assert.ok(await awaitEvent(imaged, id, ({ type }) => type === 'step.started'));
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  assert.equal((await imaged.ended(id)).fault?.code, 'cancelled');
  const errors = await refusedBy({ template, variables: { secret: 'short' } });
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/variables/secret'],
  );
});

test('a variable in a password must be sensitive', async () => {
  const errors = await refusedBy({ template: document({ [root]: '{{ secret }}' }, { secret: {} }), variables: { secret: 'abcdefgh' } }); // prettier-ignore
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/template/variables/secret'],
  );
});

test('the installer gets a hash of the password, wherever the password comes from', async () => {
  const variables = { secret: { sensitive: true }, other: { sensitive: true, default: 'x{{ secret }}' } };
  const answers = { [root]: 'pre-{{ secret }}', 'Setup a user': 'puffy', [user]: '{{ other }}' };
  const file = await responseFileOf(document(answers, variables), { secret: 'hunter22' });
  assert.ok(await compare('pre-hunter22', answerIn(file, root)));
  assert.ok(await compare('xhunter22', answerIn(file, user)));
  assert.equal(file, await responseFileOf(document(answers, variables), { secret: 'hunter22' }));
  assert.notEqual(answerIn(file, root).slice(0, 29), answerIn(file, user).slice(0, 29));
  const ready = await responseFileOf(document({ [root]: '*************' }));
  assert.equal(answerIn(ready, root), '*************');
  assert.equal(answerIn(await responseFileOf(document({ [root]: hash })), root), hash);
});

test('what looks like a hash and is none for OpenBSD is refused, and no complaint shows a password', async () => {
  const bad = ['$6$salt$hash', '$2y$10$short', '$argon2id$v=19$m', '{SSHA}abc', '', '****', 'x'.repeat(73), '$1$a$b'];
  for (const password of bad) {
    assert.throws(() => kindOfPassword(password), Error, password);
    const error = await responseFileOf(document({ [root]: password })).catch((caught: unknown) => caught);
    assert.ok(error instanceof Fault, password);
    const [place] = error.facts.errors ?? [];
    assert.equal(place?.pointer, `/http/install.conf/autoinstall/${root}`);
    if (password.length > 4) assert.ok(!JSON.stringify(error.facts).includes(password), password);
  }
  assert.equal(kindOfPassword('$HOME is plain'), 'plain');
});

test('only what the question calls a password answers one', async () => {
  assert.ok(
    isPasswordKey('Password for root') && isPasswordKey('  PASSWORD? x') && !isPasswordKey('prohibit-password'),
  );
  const error = await responseFileOf(document({ 'for root account': 'hunter22' })).catch((caught: unknown) => caught);
  assert.ok(error instanceof Fault);
  assert.match(error.message, /must hold the word "Password"/);
  const bySign = await responseFileOf(document({ '{{ q }} for root account': 'hunter22' }, { q: { default: 'Password' } })).catch((caught: unknown) => caught); // prettier-ignore
  assert.ok(bySign instanceof Fault);
  assert.match(JSON.stringify(bySign.facts.errors), /write the word \\"Password\\" into the question/);
});

test('a variable that is used elsewhere keeps its value, and a default is hashed where it is nothing but a password', async () => {
  const only = document({ [root]: '{{ secret }}' }, { secret: { sensitive: true, default: 'a default' } });
  assert.deepEqual([...passwordVariables(only)], ['secret']);
  const sealed = JSON.stringify(await sealDocument(only, 'seed'));
  assert.ok(!sealed.includes('a default') && sealed.includes('$2b$10$'), sealed);
  const elsewhere = document({ [root]: '{{ secret }}' }, { secret: { sensitive: true, default: 'a default' } }, { shutdown: { command: 'echo {{ secret | lower }}' } }); // prettier-ignore
  assert.deepEqual([...passwordVariables(elsewhere)], []);
  assert.equal(await sealDocument(elsewhere, 'seed'), elsewhere);
  assert.deepEqual(await sealVariables(elsewhere, { secret: 'plain one' }, 'seed'), { secret: 'plain one' });
  const sent = await sealVariables(only, { secret: 'plain one', other: 'x' }, 'seed');
  const { secret = '' } = sent;
  assert.ok(typeof secret === 'string' && (await compare('plain one', secret)));
  assert.equal(sent['other'], 'x');
  assert.match(await hashPassword('x', 'seed'), /^\$2b\$10\$[./A-Za-z0-9]{53}$/);
});
