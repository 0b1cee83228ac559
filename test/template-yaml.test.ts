import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { pack } from 'tar-stream';
import { systemIds } from '../src/base/ids.ts';
import { makeContexts } from '../src/build/contexts.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { apiShop, type ApiShop } from './api-shop.ts';

type Told = {
  readonly detail: string;
  readonly errors: readonly { pointer: string; line?: number; column?: number }[];
};

const post = (shop: ApiShop, payload: string, type = 'application/yaml') =>
  shop.ask({ method: 'POST', url: '/builds', headers: { ...shop.auth, 'content-type': type }, payload });

const placesIn = ({ errors }: Told) => errors.map(({ pointer, line, column }) => `${pointer} ${line}:${column}`);

test('a build is asked for in YAML as in JSON, under each of its media types', async () => {
  await using shop = await apiShop();
  const body =
    'template:\n  name: tiny\nvariables:\n  release: "7.10"\n  sets: [base, comp]\nlabels: { team: infra }\n';
  for (const type of ['application/yaml', 'application/x-yaml', 'text/yaml; charset=utf-8']) {
    const reply = await post(shop, body, type);
    assert.equal(reply.statusCode, 201, reply.body);
    const { id, labels } = reply.json<{ id: string; labels: unknown }>();
    assert.deepEqual(labels, { team: 'infra' });
    const { release, sets } = (await shop.store.input(id))?.variables ?? {};
    assert.deepEqual([release, sets], ['7.10', ['base', 'comp']]);
  }
});

test('what is wrong in a body is told with its line and column, in YAML and in JSON', async () => {
  await using shop = await apiShop();
  const yaml = await post(shop, 'template: { name: tiny }\nlabels:\n  team: 1\n  sub: x\npriorty: 3\n');
  assert.equal(yaml.statusCode, 400);
  assert.deepEqual(placesIn(yaml.json<Told>()), ['/labels/team 3:3', '/priorty 5:1']);
  const json = await post(shop, '{\n "template": {"name": "tiny"},\n "priorty": 3\n}', 'application/json');
  assert.deepEqual(placesIn(json.json<Told>()), ['/priorty 3:2']);
  const broken = await post(shop, 'template:\n  name: [tiny\n');
  assert.equal(broken.statusCode, 400);
  const [{ line = 0 } = {}] = broken.json<Told>().errors;
  assert.ok(line >= 2);
  assert.match(broken.json<Told>().detail, /^The body cannot be used: at line \d+, column \d+, .*is not YAML/);
});

test('a template is stored from YAML', async () => {
  await using shop = await apiShop();
  const put = (payload: string) =>
    shop.ask({
      method: 'PUT',
      url: '/templates/tiny',
      headers: { ...shop.auth, 'content-type': 'text/yaml' },
      payload,
    });
  const reply = await put('name: tiny # the name\n');
  assert.equal(reply.statusCode, 201, reply.body);
  assert.deepEqual(reply.json<{ document: unknown }>().document, { name: 'tiny' });
  assert.equal((await put('- a list\n')).statusCode, 400);
  assert.equal((await put('# nothing\n')).statusCode, 415);
});

const contextsIn = async () => {
  const home = await mkdtemp(join(tmpdir(), 'yaml-'));
  const folders = foldersBelow(home, join(home, 'run'));
  await folders.prepare();
  const contexts = makeContexts(folders, systemIds, { files: 100, bytes: 2 ** 20, templateBytes: 2 ** 20 });
  return {
    folders,
    receive: async (files: Readonly<Record<string, string>>) => {
      const tar = pack();
      for (const [name, body] of Object.entries(files)) tar.entry({ name }, body);
      tar.finalize();
      return contexts.receive(
        Readable.from([await buffer(tar)]),
        { encoding: 'identity', lasts: true },
        new AbortController().signal,
      );
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
};

test('template.yaml or template.yml of an archive is its template, and two templates are refused', async () => {
  await using shop = await contextsIn();
  for (const templateFile of ['template.yaml', 'template.yml', 'template.json']) {
    const received = await shop.receive({ [templateFile]: '{"name": "x"}', other: 'x' });
    assert.equal(received.templateFile, templateFile);
    assert.deepEqual(received.template, { name: 'x' });
    const kept = await readFile(join(shop.folders.context(received.contextId), templateFile), 'utf8');
    assert.equal(kept, '{"name": "x"}');
  }
  await assert.rejects(
    shop.receive({ 'template.yaml': 'name: x', 'template.json': '{}' }),
    /has both template\.\w+ and/,
  );
  await assert.rejects(
    shop.receive({ 'other.yaml': 'name: x' }),
    /has no template at its top .*"other\.yaml": .* template\.yaml\.$/,
  );
  await assert.rejects(
    shop.receive({ 'template.yml': 'a: 1\na: 2\n' }),
    /template\.yml.*line 2, column 1, \/a appears/,
  );
});
