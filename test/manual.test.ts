import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { usage } from '../src/cli/arguments.ts';
import { commands as clientCommands, type CommandRow } from '../src/client/args/commands.ts';
import { written } from '../src/client/args/options.ts';
import { Config } from '../src/config/config.ts';
import { functionNames } from '../src/template/language/functions.ts';
import { keyNames } from '../src/packer/keys.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { TemplateDocument } from '../src/template/document/template-document.ts';
import { runtimeNames } from '../src/template/spec.ts';
import { postProcessors } from '../src/post-processors/table.ts';
import { provisioners } from '../src/provisioners/table.ts';
import { below, listedUnder, type Listed } from './fixtures/schema-keys.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(top, 'man');
const run = promisify(execFile);

const page = (name: string) => readFile(join(folder, name), 'utf8');

/** The entries of each subsection: `.It Ic key` with what follows it, by heading. */
const entriesOf = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> =>
  new Map(
    text
      .split(/^\.S[sh] /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...lines] = section.split('\n');
        const items = lines
          .join('\n')
          .split(/^\.It /m)
          .slice(1);
        return [heading, new Map(items.map((item) => [/^(?:Ic )?(\S+)/.exec(item)?.[1] ?? '', item]))] as const;
      }),
  );

type Value = { readonly place: string; readonly key: string; readonly value: unknown };

/** Every value of a table and of those in it. */
const valuesIn = (table: object, place: string): readonly Value[] =>
  Object.entries(table).flatMap(([key, value]: readonly [string, unknown]) =>
    typeof value === 'object' && value !== null ? valuesIn(value, below(place, key)) : [{ place, key, value }],
  );

/** Kinds of one list, such as `provisioners shell`, have their common keys under the heading of the list. */
const missing = (wanted: readonly Listed[], text: string, headingOf: (place: string) => string) => {
  const entries = entriesOf(text);
  const has = (heading: string, key: string) => entries.get(heading)?.has(key) === true;
  return wanted.filter(({ place, key }) => {
    const heading = headingOf(place);
    return !has(heading, key) && !has(heading.split(' ')[0] ?? '', key);
  });
};

for (const name of (await readdir(folder)).toSorted())
  test(`man/${name} has no warning from mandoc and can be read`, async () => {
    const { stdout } = await run('mandoc', ['-Tlint', '-Wwarning', join(folder, name)]).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    assert.equal(stdout, '');
    const { stdout: shown } = await run('mandoc', ['-Tascii', join(folder, name)]);
    const words = shown.replaceAll(/.\x08/g, '');
    assert.ok(words.split('\n').length > 150);
    // A macro that was meant to be one, and stands there as text.
    assert.doesNotMatch(words, /^\s*\.[A-Z][a-z]\b|\b(Ns|Pq|Xr|Op) [A-Za-z]/m);
  });

test('imaged.conf(5) has every key of the configuration, with its default', async () => {
  const text = await page('imaged.conf.5');
  const headingOf = (place: string) => (place === '' ? 'Top level' : `Table ${place}`);
  const keys = listedUnder(Config);
  assert.ok(keys.length > 20, `only ${keys.length} keys were found`);
  assert.deepEqual(
    missing(
      keys.filter(({ kind }) => kind !== 'object'),
      text,
      headingOf,
    ),
    [],
  );
  for (const { place, key } of keys.filter(({ kind }) => kind === 'object'))
    assert.ok(text.includes(`\n.Ss ${headingOf(below(place, key))}\n`), `there is nothing about the table ${key}`);

  const entries = entriesOf(text);
  const example = z
    .record(z.string(), z.unknown())
    .parse(parse(await readFile(join(top, 'examples/imaged.toml'), 'utf8')));
  for (const { place, key, value } of valuesIn(example, '')) {
    const entry = entries.get(headingOf(place))?.get(key) ?? '';
    const [, told = ''] = /The default is\n?(?:\.Qq )?\s*(.*?)(?: \.|\.)?\n/.exec(`${entry}\n`) ?? [];
    assert.equal(told, String(value), `the default of ${place} ${key}`);
  }
});

test('imaged-template(5) has every key of a template, where it belongs', async () => {
  const text = await page('imaged-template.5');
  const keys = listedUnder(TemplateDocument);
  assert.ok(keys.length > 60, `only ${keys.length} keys were found`);
  const turns = /^((install|provisioners console)\.console|communicator\.login)$/;
  const elsewhere = new Map([
    ['', 'template'],
    ['qemu', 'machine.model'],
  ]);
  const images = /^machine\.(disks\.base|cdrom|floppy|boot\.kernel|boot\.initrd)$/;
  const headingOf = (written: string) => {
    // A machine has the keys of a template, a part is a list of provisioners, and the last resort is one of them.
    const place = written.replace(/^machines\.?/, '').replace(/^(parts|error_cleanup_provisioner)\b/, 'provisioners');
    const usual = images.test(place) ? 'What a machine begins with' : place;
    return elsewhere.get(place) ?? (turns.test(place) ? 'install.console' : usual);
  };
  assert.deepEqual(missing(keys, text, headingOf), []);
});

type Kinds = Readonly<Record<string, { readonly type: string; readonly about: string }>>;
const tables: Readonly<Record<string, Kinds>> = { provisioners, post_processors: postProcessors };

test('the tables of imaged-template(5) and docs/templates.md have every kind, in its own words', async () => {
  const manual = (await page('imaged-template.5')).split('\n');
  const templates = (await readFile(join(top, 'docs/templates.md'), 'utf8')).replaceAll(/ +/g, ' ');
  for (const [list, kinds] of Object.entries(tables)) {
    const section = manual.slice(manual.indexOf(`.Ss ${list}`));
    for (const { type, about } of Object.values(kinds)) {
      const row = [`.It Qq ${type}`, about];
      assert.ok(
        section[section.indexOf(row[0] ?? '') + 1] === about,
        `the table of ${list} in man/imaged-template.5 lacks these two lines:\n${row.join('\n')}`,
      );
      const line = `| \`${type}\` | ${about} |`;
      assert.ok(templates.includes(`\n${line}\n`), `the table in docs/templates.md lacks this row:\n${line}`);
    }
  }
});

test('imaged-template(5) names every placeholder, function and key of a boot command', async () => {
  const text = await page('imaged-template.5');
  const wordsOf = (heading: string) =>
    new Set((text.split(`.Ss ${heading}\n`)[1]?.split(/^\.S[sh] /m)[0] ?? '').split(/[^A-Za-z0-9_]+/));
  const [placeholders, keys] = [wordsOf('Placeholders'), wordsOf('Boot commands')];
  assert.deepEqual(
    [...runtimeNames, ...functionNames].filter((name) => !placeholders.has(name)),
    [],
  );
  assert.deepEqual(
    keyNames.filter((name) => !keys.has(name) && !keys.has(`${name}On`)),
    [],
  );
});

test('the examples of imaged-template(5) are templates', async () => {
  const text = await page('imaged-template.5');
  const examples = [...text.matchAll(/^\.Bd -literal[^\n]*\n(\{\n.*?\n)\.Ed$/gms)].map(([, json = '']) =>
    json.replaceAll('\\e', '\\'),
  );
  assert.equal(examples.length, 3);
  for (const example of examples) assert.match(parseTemplate(JSON.parse(example)).name, /^(openbsd|web|rescue)$/);
});

test('imaged(8) has every command of the usage, with its options', async () => {
  const { stdout } = await run('mandoc', ['-Tascii', join(folder, 'imaged.8')]);
  const synopsis = stdout.replaceAll(/.\x08/g, '').split('DESCRIPTION')[0]?.replaceAll(/\s+/g, ' ');
  const commands = [...usage.matchAll(/^(?:usage:)?\s+(imaged [a-z ]+)([^\n]*)$/gm)];
  assert.ok(commands.length >= 5);
  for (const [, command = '', rest = ''] of commands) {
    const form = synopsis?.split(/(?=\bimaged )/).find((part) => part.startsWith(command));
    assert.ok(form, `${command} is not in the synopsis`);
    for (const option of rest.match(/-{1,2}[a-z][a-z-]*/g) ?? [])
      assert.ok(form.includes(option), `${command} ${option}`);
  }
});

test('imagectl(1) has every command, with its options in the synopsis, and says what it does', async () => {
  const { stdout } = await run('mandoc', ['-Tascii', join(folder, 'imagectl.1')]);
  const [before = '', description = ''] = stdout.replaceAll(/.\x08/g, '').split('\nDESCRIPTION');
  const forms = before.replaceAll(/\s+/g, ' ').split(/(?=\bimagectl )/);
  for (const [name, { options }] of Object.entries<CommandRow>(clientCommands)) {
    const form = forms.find((part) => part.startsWith(`imagectl ${name} `));
    assert.ok(form, `${name} is not in the synopsis`);
    for (const option of options) assert.ok(form.includes(written(option).split(' ')[0] ?? ''), `${name} ${option}`);
    assert.match(description, new RegExp(`^ +${name}\\b`, 'm'));
  }
});
