import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const top = fileURLToPath(new URL('../../', import.meta.url));

type Source = { readonly path: string; readonly text: string };

/** A value that a file exports. Types are not asked for: one may stand beside the function whose signature has it. */
type Exported = { readonly name: string; readonly isUsedAtHome: boolean };

const parse = ({ path, text }: Source) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest);

const each = (node: ts.Node, visit: (node: ts.Node) => void): void => {
  visit(node);
  ts.forEachChild(node, (child) => each(child, visit));
};

const exportsOf = (file: ts.SourceFile): readonly Exported[] => {
  const counts = new Map<string, number>();
  each(file, (node) => {
    if (ts.isIdentifier(node)) counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
  });
  return file.statements.flatMap((statement) => {
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name)
      : ts.isFunctionDeclaration(statement)
        ? [statement.name]
        : [];
    const isExported =
      ts.canHaveModifiers(statement) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    return names.flatMap((name) =>
      isExported && name !== undefined && ts.isIdentifier(name)
        ? [{ name: name.text, isUsedAtHome: (counts.get(name.text) ?? 0) > 1 }]
        : [],
    );
  });
};

/** What a file takes of others, as `path#name`; `path#*` where it takes all of one. */
const importsOf = (file: ts.SourceFile): readonly string[] => {
  const found: string[] = [];
  const take = (from: ts.Node | undefined, names: readonly string[]) => {
    if (from !== undefined && ts.isStringLiteralLike(from) && from.text.startsWith('.'))
      found.push(...names.map((name) => `${normalize(join(dirname(file.fileName), from.text))}#${name}`));
  };
  each(file, (node) => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      const isNamed = bindings !== undefined && ts.isNamedImports(bindings);
      const names = isNamed ? bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text) : ['*'];
      take(node.moduleSpecifier, names);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      take(node.arguments[0], ['*']);
  });
  return found;
};

/** The exported values of src that no other file takes, or tests alone though nothing beside them uses it. */
const unused = (sources: readonly Source[]): readonly string[] => {
  const takers = new Map<string, Set<string>>();
  const files = sources.map(parse);
  for (const file of files)
    for (const taken of importsOf(file))
      takers.set(taken, (takers.get(taken) ?? new Set()).add(file.fileName.split('/')[0] ?? ''));
  return files
    .filter(({ fileName }) => fileName.startsWith('src/'))
    .flatMap((file) =>
      exportsOf(file).flatMap(({ name, isUsedAtHome }) => {
        const by = new Set([
          ...(takers.get(`${file.fileName}#${name}`) ?? []),
          ...(takers.get(`${file.fileName}#*`) ?? []),
        ]);
        if (by.size === 0) return [`${file.fileName}: nothing imports ${name}`];
        return by.has('src') || by.has('script') || isUsedAtHome ? [] : [`${file.fileName}: tests alone use ${name}`];
      }),
    );
};

test('a value that nothing imports is found, one for tests alone is, and one that is imported in any form is not', () => {
  const home = {
    path: 'src/a/home.ts',
    text: 'export const one = 1;\nexport function two() {}\nexport type Three = 3;',
  };
  const from = (path: string, text: string) => unused([home, { path, text }]);
  assert.deepEqual(unused([home]), ['src/a/home.ts: nothing imports one', 'src/a/home.ts: nothing imports two']);
  assert.deepEqual(from('src/b.ts', "import { one as o, two } from './a/home.ts';"), []);
  assert.deepEqual(from('src/b.ts', "const { one } = await import('./a/home.ts');"), []);
  assert.deepEqual(from('test/b.ts', "import { one, two } from '../src/a/home.ts';"), [
    'src/a/home.ts: tests alone use one',
    'src/a/home.ts: tests alone use two',
  ]);
  const within = { path: 'src/c.ts', text: 'export const part = 1;\nconst whole = part + 1;' };
  assert.deepEqual(unused([within, { path: 'test/c.ts', text: "import { part } from '../src/c.ts';" }]), []);
});

/** What is generated from the contract has what the contract has. */
const isWritten = (path: string): boolean => /\.tsx?$/.test(path) && path !== 'src/client/api/contract.ts';

const written = async (): Promise<readonly Source[]> => {
  const paths: string[] = [];
  for (const folder of ['src', 'script', 'test'])
    for (const name of await readdir(join(top, folder), { recursive: true })) paths.push(`${folder}/${name}`);
  return Promise.all(
    paths.filter(isWritten).map(async (path) => ({ path, text: await readFile(join(top, path), 'utf8') })),
  );
};

test('every value that a file of src exports is imported by another, and not by tests alone', async () => {
  assert.deepEqual(unused(await written()), []);
});

/** Classes that extend none: a function that returns an object of functions says the same. */
const ownClasses = (source: Source): readonly string[] => {
  if (!/\bclass\b/.test(source.text)) return [];
  const found: string[] = [];
  each(parse(source), (node) => {
    const extendsOne =
      ts.isClassLike(node) && node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    if (ts.isClassLike(node) && extendsOne !== true) found.push(`${source.path}: ${node.name?.text ?? 'a class'}`);
  });
  return found;
};

test('there is no class but those that extend one, as an error has to', async () => {
  const text = 'class A extends Error {}\nclass B implements C {}\nconst d = class {};';
  assert.deepEqual(ownClasses({ path: 'a.ts', text }), ['a.ts: B', 'a.ts: a class']);
  assert.deepEqual((await written()).flatMap(ownClasses), []);
});
