import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsonLanguage from 'vscode-json-languageservice';
import { getLanguageService as yamlService } from 'yaml-language-server';
import { templateJsonSchema } from '../src/template/document/json-schema.ts';

// What the editors have in them that know a schema: the language servers of VS Code, of Red Hat's YAML extension, and so
// of all that speak their protocol.
const schema = templateJsonSchema();
const uri = 'http://imaged/template.schema.json';

type Place = { readonly line: number; readonly character: number };

/** A text with `|` where the cursor stands, without it. */
const atCursor = (text: string): { readonly text: string; readonly at: Place } => {
  const before = text.slice(0, text.indexOf('|')).split('\n');
  return { text: text.replace('|', ''), at: { line: before.length - 1, character: before.at(-1)?.length ?? 0 } };
};

const contentsOf = (hover: { readonly contents: unknown } | null): string => JSON.stringify(hover?.contents ?? '');

type Editor = {
  readonly complete: (text: string) => Promise<readonly string[]>;
  readonly hover: (text: string) => Promise<string>;
  /** What is wrong, with its line from 1. */
  readonly wrong: (text: string) => Promise<readonly string[]>;
};

const lineAndMessage = ({ range, message }: { readonly range: { readonly start: Place }; readonly message: unknown }) =>
  `${range.start.line + 1}: ${typeof message === 'string' ? message : JSON.stringify(message)}`;

const jsonEditor = (): Editor => {
  const service = jsonLanguage.getLanguageService({ schemaRequestService: async () => JSON.stringify(schema) });
  service.configure({ validate: true, schemas: [{ uri, fileMatch: ['*'], schema: schema }] });
  const opened = (text: string) => {
    const document = jsonLanguage.TextDocument.create('file:///template.json', 'json', 1, text);
    return { document, parsed: service.parseJSONDocument(document) };
  };
  return {
    complete: async (marked) => {
      const { text, at } = atCursor(marked);
      const { document, parsed } = opened(text);
      return (await service.doComplete(document, at, parsed))?.items.map(({ label }) => label) ?? [];
    },
    hover: async (marked) => {
      const { text, at } = atCursor(marked);
      const { document, parsed } = opened(text);
      return contentsOf(await service.doHover(document, at, parsed));
    },
    wrong: async (text) => {
      const { document, parsed } = opened(text);
      return (await service.doValidation(document, parsed)).map(lineAndMessage);
    },
  };
};

const yamlEditor = (): Editor => {
  const service = yamlService({
    schemaRequestService: async () => JSON.stringify(schema),
    workspaceContext: { resolveRelativePath: (path) => path },
  });
  service.configure({
    ...{ validate: true, hover: true, completion: true, isKubernetes: false },
    schemas: [{ uri, fileMatch: ['*'], schema }],
  });
  // What it has parsed it keeps by this number.
  let version = 0;
  const opened = (text: string) => jsonLanguage.TextDocument.create('file:///template.yaml', 'yaml', ++version, text);
  return {
    complete: async (marked) => {
      const { text, at } = atCursor(marked);
      return (await service.doComplete(opened(text), at, false)).items.map(({ label }) => label);
    },
    hover: async (marked) => {
      const { text, at } = atCursor(marked);
      return contentsOf(await service.doHover(opened(text), at));
    },
    wrong: async (text) => (await service.doValidation(opened(text), false)).map(lineAndMessage),
  };
};

const has = (found: readonly string[], ...names: readonly string[]) => {
  for (const name of names) assert.ok(found.includes(name), `${name} is not among ${found.join(', ')}`);
};

test('an editor of JSON completes keys and words by the published schema, tells what they are, and points at mistakes', async () => {
  const { complete, hover, wrong } = jsonEditor();
  has(await complete('{ "name": "x", | }'), 'machine', 'provisioners', 'variables', 'install');
  has(await complete('{ "name": "x", "machine": { "d|" } }'), 'disks', 'display');
  has(await complete('{ "machine": { "display": | } }'), '"none"', '"vga"');
  has(await complete('{ "variables": { "a": { "type": | } } }'), '"string"', '"list"', '"map"');
  assert.match(await hover('{ "machine": { "mem|ory": "1G" } }'), /memory of the machine/);
  assert.deepEqual(await wrong('{ "name": "x" }'), []);
  const told = await wrong('{\n  "name": "x",\n  "machine": {\n    "memroy": "1G"\n  }\n}');
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^4: .*memroy/);
  assert.match((await wrong('{\n  "name": "x",\n  "install": { "ends": "sometimes" }\n}'))[0] ?? '', /^3: .*"halt"/);
});

test('an editor of YAML does the same', async () => {
  const { complete, hover, wrong } = yamlEditor();
  has(await complete('name: x\n|'), 'machine', 'provisioners', 'variables', 'install');
  has(await complete('name: x\nmachine:\n  memory: 1G\n  |'), 'disks', 'display');
  has(await complete('name: x\nmachine:\n  display: |'), 'none', 'vga');
  has(await complete('name: x\nvariables:\n  a:\n    type: |'), 'string', 'list', 'map');
  assert.match(await hover('name: x\nmachine:\n  mem|ory: 1G\n'), /memory of the machine/);
  assert.deepEqual(await wrong('name: x\n'), []);
  const told = await wrong('name: x\nmachine:\n  memroy: 1G\n');
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^3: .*memroy/);
  assert.match((await wrong('name: x\ninstall:\n  ends: sometimes\n'))[0] ?? '', /^3: .*"halt"/);
});
