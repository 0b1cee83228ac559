import { z } from 'zod';
import { TemplateDocument } from './template-document.ts';

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const none = { type: 'null' } as const;

/** The same schema, which takes null besides. */
const orNull = (schema: Schema): Schema => ({
  ...schema,
  ...(typeof schema['type'] === 'string' ? { type: [schema['type'], 'null'] } : {}),
  ...(isList(schema['enum']) ? { enum: [...schema['enum'], null] } : {}),
  ...(isList(schema['anyOf']) && schema['type'] === undefined ? { anyOf: [...schema['anyOf'], none] } : {}),
  ...(isList(schema['oneOf']) ? { oneOf: [...schema['oneOf'], none] } : {}),
});

/**
 * Null takes a key away from what the object is merged over: a stored template, or the top of the template. Objects are
 * merged key by key, and lists as a whole.
 */
const withNulls = (schema: Schema): Schema => {
  const within = (value: unknown) => (isSchema(value) ? orNull(withNulls(value)) : value);
  const each = (key: 'anyOf' | 'oneOf') => {
    const { [key]: all } = schema;
    return isList(all) ? { [key]: all.map((one) => (isSchema(one) ? withNulls(one) : one)) } : {};
  };
  const { properties, additionalProperties } = schema;
  return {
    ...schema,
    ...each('anyOf'),
    ...each('oneOf'),
    ...(isSchema(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, within(value)])) }
      : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: within(additionalProperties) } : {}),
  };
};

/**
 * The form of a template as a JSON Schema (2020-12), for editors. It takes whatever `parseTemplate` takes, and more: what is
 * judged by code, such as the keys that go together, is not in it.
 */
export const templateJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...withNulls(z.toJSONSchema(TemplateDocument, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' })),
  title: 'A template of imaged',
});
