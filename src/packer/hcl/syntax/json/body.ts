import { quoted } from '../../../../base/text/nearest.ts';
import { HclError } from '../../hcl-error.ts';
import type { Attribute, HclBlock, HclBody, Expression, Label } from '../ast.ts';
import { dynamicShape, type Shape } from './shapes.ts';
import type { Json, JsonMember, JsonText } from './value.ts';

/** How strings are read. */
export type JsonReader = {
  /** What a string comes to that is a value: a template, or the text as it stands. */
  readonly text: (text: JsonText) => Expression;
  /** A string that is an expression. */
  readonly expression: (text: JsonText) => Expression;
};

const nameOf = ({ name }: JsonMember): string => name.text.text;

const expressionOf = (json: Json, reader: JsonReader): Expression => {
  if (json.kind === 'text') return reader.text(json);
  if (json.kind === 'literal') return json;
  const { at } = json;
  if (json.kind === 'list') return { at, kind: 'list', items: json.items.map((item) => expressionOf(item, reader)) };
  const names = new Set<string>();
  const items = json.members.map((member) => {
    if (names.has(nameOf(member)))
      throw new HclError(member.name.at, `${quoted(nameOf(member))} was set already: set it once`);
    names.add(nameOf(member));
    return { key: reader.text(member.name), value: expressionOf(member.value, reader) };
  });
  return { at, kind: 'object', items };
};

/** The members of a body or of a level of labels: an object, or a list of objects, which are taken as one. */
const membersOf = (json: Json, what: string): readonly JsonMember[] => {
  if (json.kind === 'literal' && json.value === null) return [];
  const objects = json.kind === 'list' ? json.items : [json];
  return objects.flatMap((one) => {
    if (one.kind !== 'object') throw new HclError(one.at, `an object is due here: ${what}`);
    return one.members;
  });
};

const blocksOf = (member: JsonMember, shape: Shape, reader: JsonReader): readonly HclBlock[] => {
  const type = nameOf(member);
  const known = Object.hasOwn(shape.blocks, type) ? shape.blocks[type] : undefined;
  // A block that is not known is refused by its type: what it holds does not matter.
  if (known === undefined) return [{ at: member.name.at, type, labels: [], body: { attributes: [], blocks: [] } }];
  const within = (json: Json, labels: readonly Label[]): readonly HclBlock[] => {
    if (labels.length < known.labels) {
      const members = membersOf(json, `its names are labels of ${type}`);
      if (members.length === 0) throw new HclError(json.at, `${type} needs a label, which is the name of an object`);
      return members.flatMap(({ name, value }) => within(value, [...labels, { at: name.at, text: name.text.text }]));
    }
    if (json.kind === 'literal' && json.value === null) return [];
    const { body } = known;
    const inner = body === 'dynamic' ? dynamicShape(labels[0]?.text ?? '', shape) : body;
    return (json.kind === 'list' ? json.items : [json]).map((one) => ({
      at: member.name.at,
      type,
      labels,
      body: bodyOf(one, inner, reader),
    }));
  };
  return within(member.value, []);
};

/** Attributes and blocks of an object, or of a list of objects, as the shape tells them apart. Throws an HclError. */
export const bodyOf = (json: Json, shape: Shape, reader: JsonReader): HclBody => {
  const attributes = new Map<string, Attribute>();
  const blocks: HclBlock[] = [];
  for (const member of membersOf(json, 'its names are attributes and blocks')) {
    const [name, { at }] = [nameOf(member), member.name];
    // A comment.
    if (name === '//') continue;
    if (Object.hasOwn(shape.blocks, name) || shape.others === 'block') blocks.push(...blocksOf(member, shape, reader));
    else if (attributes.has(name)) throw new HclError(at, `${quoted(name)} was set already: set it once`);
    else {
      const { value } = member;
      const isExpression = value.kind === 'text' && shape.expressions?.includes(name) === true;
      attributes.set(name, {
        ...{ at, name },
        value: isExpression ? reader.expression(value) : expressionOf(value, reader),
      });
    }
  }
  return { attributes: [...attributes.values()], blocks };
};
