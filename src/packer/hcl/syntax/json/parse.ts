import type { HclBody, Expression } from '../ast.ts';
import type { Allowance, Cursor } from '../cursor.ts';
import { bodyOf } from './body.ts';
import { attributes, fileShape } from './shapes.ts';
import { parseJsonFile, type JsonText } from './value.ts';

/** Reads of what stands in strings: that is of the native syntax. */
type Native = {
  readonly parseTemplate: (source: JsonText['text'], allowance: Allowance) => Expression;
  readonly parseWhole: (source: JsonText['text'], allowance: Allowance) => Expression;
};

/**
 * Reads a file in HCL's JSON syntax: a template, whose strings are templates, or values of variables, whose strings are
 * texts as they stand. Throws an HclError.
 */
export const parseJsonBody = (cursor: Cursor, holds: 'template' | 'values', native: Native): HclBody => {
  const { allowance } = cursor;
  const verbatim = ({ at, text }: JsonText): Expression => ({ kind: 'literal', at, value: text.text });
  // A text with nothing to fill in needs no second reading.
  const template = (json: JsonText): Expression =>
    /[$%]\{/.test(json.text.text) ? native.parseTemplate(json.text, allowance) : verbatim(json);
  return bodyOf(parseJsonFile(cursor), holds === 'template' ? fileShape : attributes, {
    text: holds === 'template' ? template : verbatim,
    expression: ({ text }) => native.parseWhole(text, allowance),
  });
};
