import assert from 'node:assert/strict';
import { z } from 'zod';
import { holdPlaces } from './problem-places.ts';

const Media = z.object({ schema: z.record(z.string(), z.unknown()) });
const Answer = z.object({ content: z.record(z.string(), Media).optional() });
const Operation = z.object({ responses: z.record(z.string(), Answer) });
const Contract = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

type Reply = { readonly statusCode: number; readonly headers: Record<string, unknown>; readonly body: string };

const bodiesOf = (type: string, body: string): readonly unknown[] => {
  const texts =
    type === 'application/x-ndjson' ? body.split('\n').filter(Boolean) : type.endsWith('json') ? [body] : [];
  return texts.map((text): unknown => JSON.parse(text));
};

/**
 * Holds replies against a printed OpenAPI document: the status is one that the operation names (or its default), the
 * media type is one that the status names, a JSON body fits the schema, with nothing that the schema does not name, and
 * a problem names places in one way.
 */
export const makeContract = (document: unknown) => {
  const { paths, components } = Contract.parse(document);
  const $defs = JSON.parse(
    JSON.stringify(components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as object;
  const compiled = new Map<object, z.ZodType>();

  const schemaOf = (media: z.output<typeof Media>): z.ZodType => {
    const known = compiled.get(media);
    if (known) return known;
    const text = JSON.stringify(media.schema).replaceAll('#/components/schemas/', '#/$defs/');
    const schema = z.fromJSONSchema({ ...(JSON.parse(text) as object), $defs } as z.core.JSONSchema.JSONSchema);
    compiled.set(media, schema);
    return schema;
  };

  const named = (path: string) => path.split('{').length;
  // A path that is written out goes before one with a parameter in the same place.
  const ordered = Object.entries(paths).toSorted(([one], [other]) => named(one) - named(other));
  const routes = ordered.map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[a-z]+\}/g, '[^/]+')}$`),
    methods,
  }));

  return (method: string, url: string, reply: Reply): void => {
    // As it is asked for: a path with `%2e%2e` in it leads elsewhere.
    const path = URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : url;
    const isHead = method === 'HEAD';
    const operation = routes.find(({ pattern }) => pattern.test(path))?.methods[isHead ? 'get' : method.toLowerCase()];
    if (operation === undefined) return;
    const what = `${method} ${url} ${reply.statusCode}`;
    const answer =
      operation.responses[reply.statusCode] ?? (reply.statusCode >= 400 ? operation.responses['default'] : undefined);
    assert.ok(answer, `${what} is not in the contract`);
    if (isHead || (answer.content === undefined && reply.body === '')) return;
    const type = String(reply.headers['content-type']).split(';', 1)[0] ?? '';
    const media = answer.content?.[type];
    assert.ok(media, `${what} is ${type}, which is not in the contract`);
    for (const body of bodiesOf(type, reply.body)) {
      if (type === 'application/problem+json') holdPlaces(body);
      const result = schemaOf(media).safeParse(body);
      assert.ok(result.success, `${what} does not fit its schema: ${result.error?.message} ${JSON.stringify(body)}`);
    }
  };
};
