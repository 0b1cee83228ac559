import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const top = fileURLToPath(new URL('../../', import.meta.url));

const maxLines = 60;

/** What the line above a longer function says, with the reason. */
const reason = /^\s*\/\/ One (?:function|closure), though long: \w.*\.$/;

type Span = { readonly first: number; readonly lines: number };

/** Every function of a source, named or not, within others or not. Lines count from 0. */
const functionsIn = (text: string, name: string): readonly Span[] => {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
  const lineOf = (at: number) => source.getLineAndCharacterOfPosition(at).line;
  const found: Span[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = lineOf(node.getStart(source));
      found.push({ first, lines: lineOf(node.getEnd()) - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** The functions that are too long and do not say why, as `line: lines`. */
const tooLong = (text: string, name = 'source.ts'): readonly string[] => {
  const lines = text.split('\n');
  return functionsIn(text, name)
    .filter((one) => one.lines > maxLines && !reason.test(lines[one.first - 1] ?? ''))
    .map((one) => `${one.first + 1}: ${one.lines} lines`);
};

const longFunction = `const long = () => {\n${'  act();\n'.repeat(maxLines)}};\n`;

test('a function of more than 60 lines is found, and one whose line above says why is not', () => {
  assert.deepEqual(tooLong(longFunction), [`1: ${maxLines + 2} lines`]);
  assert.deepEqual(tooLong(`/** What it does. */\n${longFunction}`), [`2: ${maxLines + 2} lines`]);
  assert.deepEqual(tooLong(`// One closure, though long: all of it is about one thing.\n${longFunction}`), []);
});

test('every function of more than 60 lines in src and script says why on the line above it', async () => {
  const found: string[] = [];
  for (const folder of ['src', 'script'])
    for (const name of await readdir(join(top, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(name)) continue;
      const text = await readFile(join(top, folder, name), 'utf8');
      found.push(...tooLong(text, name).map((where) => `${folder}/${name}:${where}`));
    }
  assert.deepEqual(found, []);
});
