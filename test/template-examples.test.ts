import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { listingOf } from '../src/context/listing.ts';
import { importOne } from '../src/packer/import/machine-of.ts';
import { isPackerJson } from '../src/packer/template-form.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { parseTemplate } from '../src/template/document/template.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
// examples/ci has none of its own: it builds what another folder holds.
const folders = (await readdir(examples, { withFileTypes: true })).filter(({ name }) =>
  existsSync(join(examples, name, 'template.json')),
);

const Defaults = z.looseObject({ variables: z.record(z.string(), z.looseObject({ default: z.string().optional() })) });

const defaultOf = (text: string, variable: string): string =>
  Defaults.parse(JSON.parse(text)).variables[variable]?.default ?? '';

/** Makes something for every medium that a template names: a folder where it wants one, else a file. */
const standIns = async (text: string, home: string): Promise<Record<string, string>> => {
  const media: Record<string, string> = {};
  for (const [, key, name = '', raw = ''] of text.matchAll(/"(\w+)": "media:([^/"]+)\/?([^"]*)"/g)) {
    const below = raw.replace(/\{\{ (\w+) \}\}/g, (_, name: string) => defaultOf(text, name));
    const path = join(home, name, below);
    media[name] = join(home, name);
    await mkdir(key === 'folder' ? path : dirname(path), { recursive: true });
    if (key !== 'folder') await writeFile(path, Buffer.alloc(1024));
  }
  return media;
};

/** The document as imaged has it: one of Packer's is translated. */
const ours = (document: unknown, context: string): unknown => {
  const frozen = { buildId: 'b', timestampMs: 0 };
  if (!isPackerJson(document)) return document;
  return importOne(document, { variables: {}, frozen, files: listingOf(context) }).document;
};

for (const { name } of folders)
  test(`examples/${name} is a template that can be stored, with every file it names`, async () => {
    const home = await mkdtemp(join(tmpdir(), 'examples-'));
    try {
      const context = join(examples, name);
      const text = await readFile(join(context, 'template.json'), 'utf8');
      const template = parseTemplate(ours(JSON.parse(text), context));
      const host = { lease: { router: true, dns: true }, hasMirror: true };
      await checkTemplate(template, { context, media: await standIns(text, home), host });
      assert.equal(template.name, name);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
