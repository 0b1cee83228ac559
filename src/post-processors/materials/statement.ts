import type { File } from './components.ts';

/** What a statement says of a build. Times are Unix milliseconds. */
export type StatementFacts = {
  readonly id: string;
  readonly templateName: string;
  /** SHA-256 of the template: of its JSON with the keys in order. */
  readonly templateSha256: string;
  /** What the client sent for variables, but for the sensitive ones. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The names of the sensitive ones that were sent. */
  readonly hidden: readonly string[];
  /** Of a template for several machines: which it is. */
  readonly machine?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hypervisor: string;
  readonly architecture: string;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly inputs: readonly File[];
  readonly steps: readonly {
    readonly name: string;
    readonly type?: string;
    readonly startedAt: number;
    readonly endedAt: number;
  }[];
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly builderId: string;
  readonly imagedVersion: string;
};

/** A subject of a statement has to have a digest. */
export type Subject = { readonly name: string; readonly sha256: string };

/** What `externalParameters` of a statement hold: imaged-template(5) says it. */
const buildType = 'imaged:build/v1';

const at = (ms: number): string => new Date(ms).toISOString();

/** What has no scheme is a path that imaged alone knows. */
const uriOf = (text: string): string => encodeURI(/^[a-z][a-z0-9+.-]*:/.test(text) ? text : `imaged:${text}`);

const descriptor = ({ name, uri, sha256 }: File) => ({
  name,
  ...(uri === undefined ? {} : { uri: uriOf(uri) }),
  ...(sha256 === undefined ? {} : { digest: { sha256 } }),
});

/** What runs in the build's own words; SLSA asks for a name with the builder's in front (v1, "Extension fields"). */
const stepsOf = ({ steps }: StatementFacts) =>
  steps.map(({ name, type, startedAt, endedAt }) => ({
    name,
    ...(type === undefined ? {} : { type }),
    startedOn: at(startedAt),
    finishedOn: at(endedAt),
  }));

/**
 * How the subjects came about: an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with
 * the predicate of SLSA (https://slsa.dev/provenance/v1).
 */
export const statementOf = (subjects: readonly Subject[], facts: StatementFacts): object => {
  const { id, templateName, templateSha256, variables, hidden, machine, labels, inputs } = facts;
  const { hypervisor, architecture, memoryMb, cpus, builderId, imagedVersion, startedAt, finishedAt } = facts;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          template: { name: templateName, digest: { sha256: templateSha256 } },
          ...{ variables, hiddenVariables: hidden, labels },
          ...(machine === undefined ? {} : { machine }),
        },
        internalParameters: { hypervisor, architecture, memoryMb, cpus },
        // One without address and digest would say nothing.
        resolvedDependencies: inputs
          .filter(({ uri, sha256 }) => uri !== undefined || sha256 !== undefined)
          .map(descriptor),
      },
      runDetails: {
        builder: { id: builderId, version: { imaged: imagedVersion } },
        metadata: {
          invocationId: id,
          startedOn: at(startedAt),
          finishedOn: at(finishedAt),
          imaged_steps: stepsOf(facts),
        },
      },
    },
  };
};
