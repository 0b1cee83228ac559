const reference = /#\/components\/schemas\/([A-Za-z]+)/g;

const partOf = (value: unknown, key: string): object => {
  const part: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof part === 'object' && part !== null ? part : {};
};

/**
 * An OpenAPI document without the schemas that nothing in it refers to. The type provider prints each named schema
 * twice, as it is sent and, with `Input` at its end, as it is received; what is only ever received gets its plain name.
 * They stand in the order of their names.
 */
export const withoutUnused = <Document extends object>(document: Document): Document => {
  const components = partOf(document, 'components');
  const schemas: Readonly<Record<string, unknown>> = { ...partOf(components, 'schemas') };
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(reference))
      if (!used.has(name)) {
        used.add(name);
        follow(schemas[name]);
      }
  };
  follow(partOf(document, 'paths'));
  const plain = (name: string) => {
    const base = name.replace(/Input$/, '');
    return base in schemas && !used.has(base) ? base : name;
  };
  const named = Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => used.has(name))
      .map(([name, schema]) => [plain(name), schema] as const)
      // By name: they come in the order in which the modules were loaded, which one import more would change.
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  const text = JSON.stringify({ ...document, components: { ...components, schemas: named } });
  const renamed = text.replaceAll(reference, (_all, name: string) => `#/components/schemas/${plain(name)}`);
  // The same document but for names within it, which JSON.parse cannot know: hence the cast.
  return JSON.parse(renamed) as Document;
};
