import { createHash } from 'node:crypto';
import {
  fileComponent,
  packageComponents,
  property,
  systemComponent,
  type Component,
  type File,
} from './components.ts';
import type { GuestListing } from './listing.ts';

export type BillFacts = {
  /** Of the build. */
  readonly id: string;
  readonly templateName: string;
  readonly architecture: string;
  /** What it went in with, and what it has made so far. */
  readonly inputs: readonly File[];
  readonly artifacts: readonly File[];
  /** The file of the bill: a build may have several. */
  readonly name: string;
  /** When it was made, in Unix milliseconds. */
  readonly at: number;
  readonly imagedVersion: string;
};

/** How much of the guest's packages is in the bill, in words. */
export const coverageOf = ({ managers, failed, isWhole, refused, packages }: GuestListing): string => {
  const lacks = [
    ...(isWhole ? [] : ['the guest did not end its list, or it was too long']),
    ...failed.map((name) => `${name} failed`),
    ...(refused === 0 ? [] : [`${refused} lines had another form than they must`]),
  ];
  if (managers.length === 0 && failed.length === 0 && lacks.length === 0)
    return 'none: the guest has no package manager that imaged reads (pkg_info, dpkg, apk, rpm)';
  const counted = `${packages.length} by ${managers.join(' and ') || 'no package manager'}`;
  return lacks.length === 0 ? counted : `${counted}, and not all: ${lacks.join('; ')}`;
};

/** A UUID that is the same for the same texts (RFC 9562, 5.8). */
const uuidOf = (...texts: readonly string[]): string => {
  const bytes = createHash('sha256').update(texts.join('\n')).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/**
 * The bill of materials of an image, as CycloneDX 1.6 has it (ECMA-424; https://cyclonedx.org/docs/1.6/json). Whether it is
 * whole cannot be known, for programs come into a system without a package manager too: `compositions` says so.
 */
export const billOf = (listing: GuestListing, facts: BillFacts): object => {
  const { id, templateName, architecture, inputs, artifacts, name, at, imagedVersion } = facts;
  const system = systemComponent(listing);
  const packages = packageComponents(listing);
  const files = inputs.map((input, index) => fileComponent(input, `input-${index}`));
  const components = [...(system === undefined ? [] : [system]), ...packages, ...files];
  const refs = (all: readonly Component[]) => all.map((one) => one['bom-ref']);
  const isShort = !listing.isWhole || listing.refused > 0 || listing.failed.length > 0;
  return {
    ...{ $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX', specVersion: '1.6' },
    ...{ serialNumber: `urn:uuid:${uuidOf(id, name)}`, version: 1 },
    metadata: {
      timestamp: new Date(at).toISOString(),
      lifecycles: [{ phase: 'post-build' }],
      tools: { components: [{ type: 'application', name: 'imaged', version: imagedVersion }] },
      component: {
        ...{ type: 'operating-system', 'bom-ref': 'image', name: templateName, version: id },
        properties: [property('architecture', architecture), property('packages', coverageOf(listing))],
        components: artifacts.map((artifact, index) => fileComponent(artifact, `artifact-${index}`)),
      },
    },
    components,
    dependencies: [{ ref: 'image', dependsOn: refs(components) }],
    compositions: [{ aggregate: isShort ? 'incomplete' : 'unknown', assemblies: ['image'], dependencies: ['image'] }],
  };
};
