import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from '../src/packer/hcl/functions/missing.ts';
import { functionGroups, specialNames } from '../src/packer/hcl/functions/table.ts';
import { hclFilesIn, readHclContext } from '../src/packer/hcl/read-context.ts';
import { around, given, refusals } from './fixtures/hcl.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

/** A context's folder with these files; gone when the test ends. */
const contextOf = async (files: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-hcl-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

test('a file of values that is not read by itself is read where the request names it', async () => {
  await using context = await contextOf({
    'a.pkr.hcl': around('var.x', 'variable "x" {\n  default = 1\n}'),
    'prod.pkrvars.hcl': 'x = 2\n',
  });
  const worth = async (variableFiles: readonly string[]) =>
    (await readHclContext(context.folder, { ...given, variableFiles })).document['builders'];
  assert.deepEqual(await worth([]), [{ type: 'null', name: 'x', is: 1 }]);
  assert.deepEqual(await worth(['prod.pkrvars.hcl']), [{ type: 'null', name: 'x', is: 2 }]);
  assert.match((await refusals(worth(['a.txt'])))[0] ?? '', /"a\.txt" is no file of values/);
  assert.match((await refusals(worth(['dev.pkrvars.hcl'])))[0] ?? '', /no file "dev\.pkrvars\.hcl" in the context/);
});

test('no file outside of the context is read, by a link neither', async () => {
  await using outside = await contextOf({ secret: 'hush' });
  await using context = await contextOf({ 'a.pkr.hcl': around('[fileexists("link"), try(file("link"), "none")]') });
  await symlink(join(outside.folder, 'secret'), join(context.folder, 'link'));
  const { document } = await readHclContext(context.folder, given);
  assert.deepEqual(document['builders'], [{ type: 'null', name: 'x', is: [false, 'none'] }]);
});

test('files in JSON are read behind the others; a context with none at its top says what to send', async () => {
  await using json = await contextOf({
    'a.pkr.json': '{"build": {"sources": ["null.x"]}}',
    'b.pkr.hcl': 'source "null" "x" {\n  is = var.y\n}\nvariable "y" {}\n',
    'c.auto.pkrvars.json': '{"y": 3}',
  });
  assert.deepEqual(hclFilesIn(json.folder), ['b.pkr.hcl', 'a.pkr.json']);
  const { document } = await readHclContext(json.folder, given);
  assert.deepEqual(document['builders'], [{ type: 'null', name: 'x', is: 3 }]);
  await using none = await contextOf({ 'template.json': '{}' });
  assert.deepEqual(hclFilesIn(none.folder), []);
  assert.match(
    (await refusals(readHclContext(none.folder, given)))[0] ?? '',
    /no file \*\.pkr\.hcl or \*\.pkr\.json at its top/,
  );
});

test('examples/packer-hcl2 is a template, and its validation holds', async () => {
  const folder = join(top, 'examples/packer-hcl2');
  const { document, notes } = await readHclContext(folder, { ...given, variables: { more_disks: '["64M"]' } });
  const { builders, provisioners } = document;
  assert.ok(Array.isArray(builders) && Array.isArray(provisioners));
  const { disk_additional_size, vm_name } = builders[0] as Record<string, unknown>;
  assert.deepEqual([disk_additional_size, vm_name], [['64M'], 'tiny-20260115.qcow2']);
  assert.deepEqual(provisioners, [
    {
      type: 'shell',
      env: { MOTTO: 'built by imaged, 2026-01-15', LICENCE: 'AAAA-BBBB-CCCC' },
      script: './scripts/motto.sh',
    },
    { type: 'shell', inline: ['uname -sr >>/etc/motto', 'hostname >>/etc/motto'] },
  ]);
  assert.match(notes[0]?.message ?? '', /plugins are not installed/);
  await using changed = await contextOf({});
  await cp(folder, changed.folder, { recursive: true });
  await writeFile(join(changed.folder, 'own.auto.pkrvars.hcl'), 'hostname = "Not so"\n');
  const [told = ''] = await refusals(readHclContext(changed.folder, given));
  assert.match(told, /^tiny\.pkr\.hcl:17:5: the value of var\.hostname is refused: A host name has small letters/);
});

const between = (text: string, mark: string): string =>
  text.slice(text.indexOf(`<!-- ${mark} -->`) + mark.length + 9, text.indexOf(`<!-- /${mark} -->`)).trim();

test('docs/from-packer-hcl.md has every function that is there, and every one that is not', async () => {
  const text = (await readFile(join(top, 'docs/from-packer-hcl.md'), 'utf8')).replaceAll(/ +/g, ' ');
  const groups = Object.entries({ ...functionGroups, 'of expressions': Object.fromEntries(specialNames.map((name) => [name, 0])) }); // prettier-ignore
  const rows = groups.map(([group, table]) => `| ${group} | ${Object.keys(table).map((name) => `\`${name}\``).join(' ')} |`); // prettier-ignore
  assert.equal(between(text, 'functions').split('\n').slice(2).join('\n'), rows.join('\n'));
  const absent = Object.entries(missing).map(([name, why]) => `| \`${name}\` | ${why} |`);
  assert.equal(between(text, 'missing').split('\n').slice(2).join('\n'), absent.join('\n'));
});
