import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { expandTemplate } from '../src/template/expand/expand.ts';
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
    if (key !== 'folder') await writeFile(path, 'stands in');
  }
  return media;
};

for (const { name } of folders)
  test(`examples/${name} is a template that can be stored, with every file it names`, async () => {
    const home = await mkdtemp(join(tmpdir(), 'examples-'));
    try {
      const context = join(examples, name);
      const text = await readFile(join(context, 'template.json'), 'utf8');
      const host = { lease: { router: true, dns: true }, hasMirror: true };
      const media = await standIns(text, home);
      for (const { document, template = name, name: machine } of expandTemplate(JSON.parse(text))) {
        const parsed = parseTemplate(document);
        await checkTemplate(parsed, { context, media, host });
        assert.deepEqual([parsed.name, template], [machine, name]);
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
