import { createConfig, lintFromString } from '@redocly/openapi-core';
import SpectralCore from '@stoplight/spectral-core';
import SpectralRulesets from '@stoplight/spectral-rulesets';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { printOpenApi } from '../src/api/contract/openapi.ts';
import { apiShop } from './api-shop.ts';

const committed = new URL('../../openapi.yaml', import.meta.url);

const leaves = function* (value: unknown, path: string): Generator<{ path: string; key: string; value: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield { path: `${path}/${key}`, key, value: inner };
    yield* leaves(inner, `${path}/${key}`);
  }
};

test('openapi.yaml is what the schemas print: renew it with "npm run openapi"', async () => {
  await using shop = await apiShop();
  assert.equal(await readFile(committed, 'utf8'), printOpenApi(shop.app));
});

test('every reference in openapi.yaml leads somewhere, and no schema is printed for nobody', async () => {
  const text = await readFile(committed, 'utf8');
  const document = parse(text) as { components: { schemas: Record<string, unknown> } };
  const refs = new Set([...leaves(document, '')].filter(({ key }) => key === '$ref').map(({ value }) => String(value)));
  const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  assert.deepEqual([...refs].sort(), names.sort());
});

test('every route has a summary, a tag, and a scope or none', async () => {
  const document = parse(await readFile(committed, 'utf8')) as {
    paths: Record<
      string,
      Record<string, { summary?: string; tags?: string[]; description?: string; security?: unknown[] }>
    >;
  };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({ name: `${method} ${path}`, ...route })),
  );
  assert.ok(routes.length >= 28, `only ${routes.length} routes are printed`);
  for (const { name, summary, tags, security, description } of routes) {
    assert.ok(summary, `${name} has no summary`);
    assert.equal(tags?.length, 1, `${name} has no tag`);
    assert.ok(security?.length === 0 || description?.includes('Scope: `'), `${name} does not say what scope it needs`);
  }
});

test('every field of every named schema is described', async () => {
  const document = parse(await readFile(committed, 'utf8')) as { components: { schemas: Record<string, unknown> } };
  const bare = [...leaves(document.components.schemas, '')]
    .filter(({ path }) => /\/properties\/[a-z_0-9]+$/.test(path) && !path.includes('/links/'))
    .filter(
      ({ value }) => typeof value === 'object' && value !== null && !('description' in value) && !('$ref' in value),
    )
    .map(({ path }) => path);
  assert.deepEqual(bare, []);
});

test('two linters of OpenAPI find nothing to say about openapi.yaml', async () => {
  const text = await readFile(committed, 'utf8');
  const redocly = await lintFromString({ source: text, config: await createConfig({ extends: ['recommended'] }) });
  assert.deepEqual(
    redocly.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    [],
  );
  const spectral = new SpectralCore.Spectral();
  // Its type says less than it is: a ruleset of its own may be set, and need not extend another.
  spectral.setRuleset({ extends: [SpectralRulesets.oas as SpectralCore.RulesetDefinition] });
  const document = parse(text) as { paths: Record<string, Record<string, { responses: object }>> };
  const found = await spectral.run(document);
  // It asks for a 2xx or a 3xx of every operation, and a WebSocket is opened with 101.
  const isOpened = ([, path = '', method = '']: readonly (string | number)[]) =>
    Object.hasOwn(document.paths[path]?.[method]?.responses ?? {}, '101');
  const wrong = found.filter(({ code, path }) => !(code === 'operation-success-response' && isOpened(path)));
  assert.deepEqual(
    wrong.map(({ code, message, path }) => `${code}: ${message} at ${path.join('/')}`),
    [],
  );
});

test('every operation has a name of its own, in camel case', async () => {
  const document = parse(await readFile(committed, 'utf8')) as {
    paths: Record<string, Record<string, { operationId?: string }>>;
  };
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId ?? ''),
  );
  for (const name of names) assert.match(name, /^[a-z]+([A-Z][a-z]+)+$/);
  assert.equal(new Set(names).size, names.length);
});
