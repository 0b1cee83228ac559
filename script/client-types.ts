/**
 * Writes the types of imagectl's calls from openapi.yaml: `src/client/api/contract.ts`. What is for people alone, and
 * how calls fail, is left out: every failure is a `Problem`.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';
import { z } from 'zod';
import { top } from '../src/base/package.ts';

const at = (path: string): URL => new URL(path, top);

/** Where the types are. */
export const contractFile = fileURLToPath(at('src/client/api/contract.ts'));

const forPeople = ['summary', 'description', 'example', 'examples', 'tags', 'pattern'];

const isFailure = (key: string): boolean => key === 'default' || /^[45]\d\d$/.test(key);

/** The document without what no type is made of. Names of properties and schemas are never left out. */
const forTypes = (value: unknown, around = ''): unknown => {
  if (Array.isArray(value)) return value.map((one: unknown) => forTypes(one));
  if (typeof value !== 'object' || value === null) return value;
  const isNames = around === 'properties' || around === 'schemas';
  const isLeftOut = (key: string) =>
    !isNames && (forPeople.includes(key) || (around === 'responses' && isFailure(key)) || key === 'headers');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isLeftOut(key))
      .map(([key, inner]) => [key, forTypes(inner, isNames ? '' : key)]),
  );
};

const head = '// Made from openapi.yaml by script/client-types.ts: `npm run openapi` makes it anew.\n\n';

/** The text of the types. */
export const clientTypes = async (): Promise<string> => {
  const document: unknown = parse(await readFile(at('openapi.yaml'), 'utf8'));
  const slim = z.record(z.string(), z.unknown()).parse(forTypes(document));
  const tree = await openapiTS(JSON.stringify(slim), { exportType: true, defaultNonNullable: false, silent: true });
  return head + astToString(tree);
};

if (process.argv[1] === import.meta.filename) await writeFile(contractFile, await clientTypes());
