import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { signedHeaders } from '../src/notify/sign.ts';
import { secret } from './webhook-shop.ts';

const page = fileURLToPath(new URL('../../docs/webhooks.md', import.meta.url));

type IsGenuine = (headers: Readonly<Record<string, string>>, body: Uint8Array, secret: string) => boolean;

test('the function of docs/webhooks.md knows what is signed from what is forged, changed or old', async () => {
  const [, code = ''] = /```js\n([^]*?)```/.exec(await readFile(page, 'utf8')) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'imaged-docs-'));
  const file = join(folder, 'is-genuine.mjs');
  await writeFile(file, code);
  // A module of which nothing is known but what the page says.
  const { isGenuine } = (await import(pathToFileURL(file).href)) as { readonly isGenuine: IsGenuine };
  await rm(folder, { recursive: true });
  const text = '{"version":1}';
  const body = Buffer.from(text);
  for (const key of [secret, 'a text of more than sixteen characters']) {
    const headers = signedHeaders({ id: 'A-000001-00', body: text, secret: key }, Date.now());
    assert.equal(isGenuine(headers, body, key), true);
    assert.equal(
      isGenuine({ ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }, body, key),
      true,
    );
    assert.equal(isGenuine(headers, Buffer.from('{"version":2}'), key), false);
    assert.equal(isGenuine(headers, body, `${key}x`.replace('whsec_M', 'whsec_N')), false);
    assert.equal(isGenuine({ ...headers, 'webhook-id': 'A-000002-00' }, body, key), false);
    const old = signedHeaders({ id: 'A-000001-00', body: text, secret: key }, Date.now() - 600_000);
    assert.equal(isGenuine(old, body, key), false);
  }
  assert.equal(isGenuine(signedHeaders({ id: 'A', body: text }, Date.now()), body, secret), false);
});

test('the signature is that of the example of the specification', () => {
  const headers = signedHeaders(
    {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      body: '{"test": 2432232314}',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    },
    1614265330_000,
  );
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
