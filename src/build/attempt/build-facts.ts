import type { BuildFacts, InputFacts } from '../../post-processors/build-facts.ts';
import type { EventData, EventType } from '../../base/records/build-events.ts';
import { plannedBuildOf } from '../../template/resolve/planned-build.ts';
import type { Spec } from '../../template/spec.ts';
import type { Job } from '../job.ts';
import type { StepTools } from './tools.ts';

// The events that tell of something that has gone into the build.
const inputs: { readonly [Type in EventType]?: (data: EventData[Type]) => InputFacts } = {
  'file.taken': ({ file, digest, url }) => {
    const [, sha256] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
    return { name: file, uri: url ?? file, ...(sha256 === undefined ? {} : { sha256 }) };
  },
  'set.fetched': ({ path, sha256 }) => ({ name: path, uri: `pub/OpenBSD/${path}`, sha256 }),
};

/** What an event says to have gone into the build; undefined where it says nothing of it. */
export const inputOf = <Type extends EventType>(type: Type, data: EventData[Type]): InputFacts | undefined =>
  inputs[type]?.(data);

/** What of a job post-processors are told. */
export type JobFacts = Pick<Job, 'id' | 'slot' | 'build'> & {
  readonly spec: Pick<Spec, 'name' | 'disks' | 'memoryMb' | 'cpus' | 'cdrom' | 'floppy' | 'boot'>;
};

/** What the machine began with, by name: no digest of these is known unless they were fetched. */
const beganWith = ({ spec }: JobFacts): readonly InputFacts[] =>
  [...spec.disks.map(({ base }) => base), spec.cdrom, spec.floppy, spec.boot.kernel, spec.boot.initrd].flatMap((file) =>
    file === undefined ? [] : [{ name: file.shown, uri: file.shown }],
  );

type Tools = Pick<StepTools, 'past' | 'hostMeans'>;

/** What post-processors are told of their build, as it is when this is called. */
export const buildFactsOf = (
  job: JobFacts,
  collected: Readonly<Record<string, string>>,
  { past, hostMeans }: Tools,
): BuildFacts => {
  const told = past.inputs();
  return {
    ...plannedBuildOf(job.spec, job.id, hostMeans().hypervisor),
    ...job.build,
    inputs: [...told, ...beganWith(job).filter(({ name }) => !told.some((one) => one.name === name))],
    steps: past.steps(),
    collected: (name) => (Object.hasOwn(collected, name) ? collected[name] : undefined),
  };
};
