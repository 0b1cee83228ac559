import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readDocument } from '../src/base/document/document.ts';
import { machinesOf } from '../src/build/asked/machines-asked.ts';
import { listingOf } from '../src/context/listing.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { parseTemplate } from '../src/template/document/template.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
// examples/ci has none of its own: it builds what another folder holds.
const forms = { 'template.json': 'JSON', 'template.yaml': 'YAML' } as const;
const found = (await readdir(examples)).flatMap((name) =>
  Object.entries(forms).flatMap(([file, form]) =>
    existsSync(join(examples, name, file)) ? [{ name, file, form }] : [],
  ),
);

const Defaults = z.looseObject({
  variables: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })).default({}),
});

const defaultOf = (document: unknown, variable: string): string =>
  z.string().default('').parse(Defaults.parse(document).variables[variable]?.default);

/** Makes something for every medium that a template names: a folder where it wants one, else a file. */
const standIns = async (document: unknown, home: string): Promise<Record<string, string>> => {
  const media: Record<string, string> = {};
  for (const [, key, name = '', raw = ''] of JSON.stringify(document).matchAll(/"(\w+)":"media:([^/"]+)\/?([^"]*)"/g)) {
    const below = raw.replace(/\{\{ (\w+) \}\}/g, (_, name: string) => defaultOf(document, name));
    const path = join(home, name, below);
    media[name] = join(home, name);
    await mkdir(key === 'folder' ? path : dirname(path), { recursive: true });
    if (key !== 'folder') await writeFile(path, Buffer.alloc(1024));
  }
  return media;
};

const machinesIn = (document: unknown, folder: string) => {
  const frozen = { buildId: 'b', timestampMs: 0 };
  return machinesOf({ document, bases: [] }, '', {
    folder,
    options: { variables: {}, frozen, files: listingOf(folder) },
  });
};

for (const { name, file, form } of found)
  test(`examples/${name} is a template that can be stored, with every file it names`, async () => {
    const home = await mkdtemp(join(tmpdir(), 'examples-'));
    try {
      const context = join(examples, name);
      const bytes = await readFile(join(context, file));
      const document = await readDocument({ form, bytes, mostBytes: 4 * 2 ** 20, name: file, code: 'bad_request' });
      const host = { lease: { router: true, dns: true, hostname: true }, hasMirror: true };
      const media = await standIns(document, home);
      for (const { document: one, template = name, name: machine } of await machinesIn(document, context)) {
        const parsed = parseTemplate(one);
        await checkTemplate(parsed, { context, media, host });
        assert.deepEqual([parsed.name, template], [machine, name]);
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

test('what the examples read of the medium tiny is in the folder that script/setup makes', async () => {
  const guest = fileURLToPath(new URL('../../.cache/guest', import.meta.url));
  const files = (await readdir(examples, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files
      .filter(({ name }) => name !== 'imaged.toml')
      .map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  const named = texts.flatMap((text) => [...text.matchAll(/media:tiny\/([\w./-]+)/g)].map(([, path = '']) => path));
  assert.ok(named.length > 5);
  assert.deepEqual(
    named.filter((path) => !existsSync(join(guest, path))),
    [],
  );
});
