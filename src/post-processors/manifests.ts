import type { BuildFacts } from './build-facts.ts';

/** A file of a manifest: bytes, and lower-case hex. */
export type ManifestFile = {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256?: string;
};

type Write = (
  files: readonly ManifestFile[],
  build: BuildFacts,
  customData: Readonly<Record<string, string>>,
) => Readonly<Record<string, unknown>>;

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The 128 bits of a build's id (a ULID, base 32 after Crockford) as a UUID is written. */
const uuidOf = (id: string): string => {
  let bits = 0n;
  for (const letter of id) bits = bits * 32n + BigInt(Math.max(0, alphabet.indexOf(letter)));
  const hex = (bits % 2n ** 128n).toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

/** Packer's form (packer, post-processor/manifest/artifact.go): one build, whose id is the run's. */
export const packerManifest: Write = (files, build, customData) => ({
  builds: [
    {
      name: build.machine ?? build.templateName,
      builder_type: build.builderType,
      build_time: Math.floor(build.startedAt / 1000),
      files: files.length === 0 ? null : files.map(({ name, size }) => ({ name, size })),
      artifact_id: build.id,
      packer_run_uuid: uuidOf(build.id),
      custom_data: Object.keys(customData).length === 0 ? null : customData,
    },
  ],
  last_run_uuid: uuidOf(build.id),
});

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** imaged's own form: what there is by then, what it was made of, and when. */
export const imagedManifest: Write = (files, build, customData) => ({
  build: build.id,
  template: build.templateName,
  ...(build.machine === undefined ? {} : { machine: build.machine }),
  labels: build.labels,
  hypervisor: build.hypervisor,
  architecture: build.architecture,
  memory_mb: build.memoryMb,
  cpus: build.cpus,
  disks: build.disks.map(({ format, sizeMb }) => ({ format, size_mb: sizeMb })),
  created_at: timeOf(build.createdAt),
  started_at: timeOf(build.startedAt),
  artifacts: files.map(({ name, mediaType, size, sha256 }) => ({ name, media_type: mediaType, size, sha256 })),
  inputs: build.inputs,
  steps: build.steps.map(({ name, type, startedAt, endedAt }) => ({
    name,
    type,
    started_at: timeOf(startedAt),
    ended_at: timeOf(endedAt),
  })),
  custom_data: customData,
});
