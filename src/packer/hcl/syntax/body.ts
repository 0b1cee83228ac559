import { quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { Attribute, HclBlock, HclBody, Label } from './ast.ts';
import {
  deeper,
  here,
  isAtEnd,
  newlineLength,
  newPart,
  parseInner,
  placeAt,
  skipBlanks,
  skipLines,
  startsWith,
  take,
  takeIdentifier,
  unexpected,
  type Cursor,
} from './cursor.ts';
import { parseLabelText } from './quoted.ts';

const endLine = (cursor: Cursor, after: string): void => {
  skipBlanks(cursor);
  if (!isAtEnd(cursor) && newlineLength(cursor) === 0) unexpected(cursor, `the end of the line after ${after}`);
};

const parseLabels = (cursor: Cursor): readonly Label[] => {
  const labels: Label[] = [];
  for (;;) {
    skipBlanks(cursor);
    const at = here(cursor);
    const text = startsWith(cursor, '"') ? parseLabelText(cursor) : takeIdentifier(cursor);
    if (text === undefined) return labels;
    labels.push({ at, text });
  }
};

/** A block on one line has one attribute, or none. */
const parseOneLine = (cursor: Cursor): HclBody => {
  const attributes: Attribute[] = [];
  if (!startsWith(cursor, '}')) {
    const begin = cursor.at;
    const name = takeIdentifier(cursor) ?? unexpected(cursor, 'the name of an attribute, or "}",');
    skipBlanks(cursor);
    attributes.push(parseAttribute(cursor, name, begin));
    skipBlanks(cursor);
    if (newlineLength(cursor) > 0 || takeIdentifier({ ...cursor }) !== undefined)
      unexpected(cursor, '"}"', ': a block of more than one attribute begins a line after its "{"');
  }
  take(cursor, '}', 'at the end of the block');
  return { attributes, blocks: [] };
};

const parseBlock = (cursor: Cursor, type: string, begin: number): HclBlock => {
  const at = newPart(cursor, begin);
  const labels = parseLabels(cursor);
  if (!startsWith(cursor, '{')) unexpected(cursor, '"{" or "="');
  const opened = cursor.at;
  cursor.at += 1;
  skipBlanks(cursor);
  const body = newlineLength(cursor) > 0 ? deeper(cursor, () => parseBody(cursor, opened)) : parseOneLine(cursor);
  endLine(cursor, 'the block');
  return { at, type, labels, body };
};

const parseAttribute = (cursor: Cursor, name: string, begin: number): Attribute => {
  const at = newPart(cursor, begin);
  if (startsWith(cursor, ':')) unexpected(cursor, '"="');
  take(cursor, '=', `after ${quoted(name)}`);
  return { at, name, value: parseInner(cursor) };
};

/** Reads up to the "}" that ends what was opened at `opened`, or, where nothing was, up to the end of the file. */
export const parseBody = (cursor: Cursor, opened?: number): HclBody => {
  const attributes = new Map<string, Attribute>();
  const blocks: HclBlock[] = [];
  for (;;) {
    skipLines(cursor);
    if (isAtEnd(cursor)) {
      if (opened === undefined) break;
      throw new HclError(placeAt(cursor, opened), 'the block that is opened here has no "}"');
    }
    if (opened !== undefined && startsWith(cursor, '}')) {
      cursor.at += 1;
      break;
    }
    const begin = cursor.at;
    const name = takeIdentifier(cursor) ?? unexpected(cursor, 'the name of an attribute or the type of a block');
    skipBlanks(cursor);
    if (startsWith(cursor, '=') || startsWith(cursor, ':')) {
      const attribute = parseAttribute(cursor, name, begin);
      endLine(cursor, `the value of ${quoted(name)}`);
      if (attributes.has(name)) throw new HclError(attribute.at, `${quoted(name)} was set already: set it once`);
      attributes.set(name, attribute);
    } else blocks.push(parseBlock(cursor, name, begin));
  }
  return { attributes: [...attributes.values()], blocks };
};
