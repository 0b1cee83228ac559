import { z } from 'zod';

/** What npm prints by `npm sbom --sbom-format cyclonedx`, as far as it is read here (https://cyclonedx.org/docs/1.5/json). */
const Bill = z.looseObject({
  serialNumber: z.string().optional(),
  metadata: z.looseObject({
    timestamp: z.string().optional(),
    component: z.looseObject({ 'bom-ref': z.string(), name: z.string() }),
  }),
  components: z.array(z.looseObject({ 'bom-ref': z.string(), name: z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

export type Bill = z.infer<typeof Bill>;

/**
 * The bill of materials of a release: npm's own, without the tools of the development and what differs from one run to the
 * next, and with the SQLite whose source better-sqlite3 carries, which npm does not know of. `shipped`: name@version.
 */
export const billOfMaterials = (
  printed: unknown,
  { shipped, sqlite: sqliteVersion }: { readonly shipped: readonly string[]; readonly sqlite: string },
): Bill => {
  const { serialNumber, ...whole } = Bill.parse(printed);
  const root = whole.metadata.component['bom-ref'];
  const isShipped = (ref: string) => ref === root || shipped.includes(ref);
  const bill = {
    ...whole,
    components: whole.components.filter((one) => isShipped(one['bom-ref'])),
    dependencies: whole.dependencies
      .filter(({ ref }) => isShipped(ref))
      .map((one) => ({ ...one, dependsOn: one.dependsOn.filter(isShipped) })),
  };
  const { timestamp, component, ...metadata } = bill.metadata;
  const sqlite = {
    'bom-ref': `sqlite@${sqliteVersion}`,
    type: 'library',
    name: 'sqlite',
    version: sqliteVersion,
    scope: 'required',
    purl: `pkg:generic/sqlite@${sqliteVersion}`,
    // SQLite is in the public domain: https://spdx.org/licenses/blessing.html
    licenses: [{ license: { id: 'blessing' } }],
  };
  const carrier = bill.components.find(({ name }) => name === 'better-sqlite3');
  if (carrier === undefined) throw new Error('npm lists no better-sqlite3');
  return {
    ...bill,
    metadata: { ...metadata, component: { ...component, name: 'imaged', type: 'application' } },
    components: [...bill.components, sqlite],
    dependencies: [
      ...bill.dependencies.map((one) =>
        one.ref === carrier['bom-ref'] ? { ...one, dependsOn: [...one.dependsOn, sqlite['bom-ref']] } : one,
      ),
      { ref: sqlite['bom-ref'], dependsOn: [] },
    ],
  };
};
