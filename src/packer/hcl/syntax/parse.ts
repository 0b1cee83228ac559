// Ours, for none of the packages holds up: tree-sitter-hcl takes two attributes on one line and a block that ends on the
// line of another, and is installed by node-gyp; @cdktf/hcl2json tells no places, and its licence is not on our list.

import { isJsonFile, isValuesFile } from '../file-names.ts';
import { HclError } from '../hcl-error.ts';
import type { HclSource } from '../source.ts';
import type { HclBody, Expression } from './ast.ts';
import { parseBody } from './body.ts';
import { cursorOf, here, isAtEnd, newPart, skipLines, startsWith, unexpected, type Allowance } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { takeLines } from './heredoc.ts';
import { parseJsonBody } from './json/parse.ts';
import { partsOf } from './parts.ts';

/** Reads a text that is one expression, as Packer reads the value of a variable that is no string. Throws an HclError. */
export const parseWhole = (source: HclSource, allowance: Allowance): Expression => {
  const cursor = cursorOf(source, allowance, parseExpression);
  skipLines(cursor);
  const expression = parseExpression(cursor);
  skipLines(cursor);
  return isAtEnd(cursor) ? expression : unexpected(cursor, 'the end of the expression');
};

/** Reads a text that is a template, as `templatefile` does with a file. Throws an HclError. */
export const parseTemplate = (source: HclSource, allowance: Allowance): Expression => {
  const cursor = cursorOf(source, allowance, parseExpression);
  const at = newPart(cursor, 0);
  return {
    kind: 'template',
    at,
    parts: partsOf(
      takeLines(cursor, () => false),
      at,
    ),
  };
};

/**
 * Reads a file of attributes and blocks, in the native syntax or in that of JSON. Throws an HclError at the first place
 * that is not of the grammar.
 */
export const parseFile = (source: HclSource, allowance: Allowance): HclBody => {
  const cursor = cursorOf(source, allowance, parseExpression);
  if (startsWith(cursor, '\uFEFF'))
    throw new HclError(here(cursor), 'the file begins with a byte order mark: remove it');
  if (!isJsonFile(source.name)) return parseBody(cursor);
  return parseJsonBody(cursor, isValuesFile(source.name) ? 'values' : 'template', { parseTemplate, parseWhole });
};
