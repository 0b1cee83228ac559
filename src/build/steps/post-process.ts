import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copySparse } from '../../image/copy-sparse.ts';
import type { ArtifactDraft, Tools as KindTools } from '../../post-processors/kind.ts';
import { planOf, runOn, type PostProcessorSpec } from '../../post-processors/table.ts';
import type { Disk, DiskFile, Hypervisor } from '../../vmm/types.ts';
import { buildFactsOf, type JobFacts } from '../attempt/build-facts.ts';
import { blamingBase } from '../files/blame-base.ts';
import { onHost } from '../on-host/on-host.ts';
import { downloadedFile } from '../downloaded-file.ts';
import { draftPrefix } from '../media/draft-files.ts';
import { variablesFile } from '../media/variables-file.ts';
import type { Step } from '../plan.ts';
import { boundedProgress, byteProgress, percentProgress } from '../attempt/progress.ts';
import { goesOnByRunning } from '../take-up/goes-on-by-running.ts';
import type { StepTools } from '../attempt/tools.ts';

type Needs = {
  readonly job: JobFacts;
  readonly workspace: string;
  readonly disks: readonly Disk[];
  readonly drafts?: readonly ArtifactDraft[];
  /** Paths of files that steps have left for post-processors, by name. */
  readonly collected?: Readonly<Record<string, string>>;
};

type Tools = Pick<
  StepTools,
  'signal' | 'clock' | 'event' | 'log' | 'said' | 'activity' | 'past' | 'knownDigests' | 'hostMeans'
> & { readonly hypervisor: Pick<Hypervisor, 'convertDisk'> };

/** Has a disk converted, and tells how far it is. */
const convert = async (name: string, from: Disk, to: DiskFile, tools: Tools): Promise<void> => {
  const { hypervisor, signal, clock, event, activity } = tools;
  let percent: number | undefined;
  const tell = boundedProgress(clock, (now) => event('artifact.progress', { name, percent: now }));
  const onPercent = (now: number) => {
    percent = now;
    tell(now);
  };
  await activity.during(
    () => `${name} was being written${percent === undefined ? '' : `, ${Math.floor(percent)} % of it so far`}`,
    () => hypervisor.convertDisk(from, to, signal, onPercent),
  );
};

// An export makes one file, and its settings have the name of it.
const nameOf = (spec: PostProcessorSpec): string => (spec.type === 'export' ? spec.settings.name : spec.name);

const exportDisk =
  (spec: PostProcessorSpec, { job, disks }: Needs, tools: Tools): KindTools['exportDisk'] =>
  async (index, to) => {
    const disk = disks[index];
    if (disk === undefined) throw new RangeError(`the plan exports disk ${index} of ${disks.length}`);
    // The only copy that needs no program.
    if (disk.format === 'raw' && to.format === 'raw' && disk.base === undefined)
      return copySparse({ from: disk.path, to: to.path, signal: tools.signal });
    await blamingBase(job.spec.disks[index]?.base, () => convert(nameOf(spec), disk, to, tools));
    return undefined;
  };

const toolsFor = (spec: PostProcessorSpec, at: number, needs: Needs, tools: Tools): KindTools => {
  const { job, workspace, collected = {} } = needs;
  const { signal, clock, event, log, said, activity, knownDigests, hostMeans } = tools;
  let files = 0;
  const progress = byteProgress(clock, (name, bytes, total) =>
    event('artifact.progress', { name, step: spec.name, bytes, ...(total === undefined ? {} : { total }) }),
  );
  return {
    newFile: (ending) => join(workspace, `${draftPrefix}${at}-${files++}.${ending}`),
    exportDisk: exportDisk(spec, needs, tools),
    downloadedFile: (name) => downloadedFile(workspace, name),
    efivars: () => variablesFile(workspace),
    digestsOf: (draft, wanted) => knownDigests(draft, wanted, signal, (bytes) => progress(draft.name, bytes)),
    build: buildFactsOf(job, collected, tools),
    host: hostMeans(),
    onHost: (who, work) => onHost({ slot: job.slot, workspace }, who, work),
    onLines: (lines, stream) => said(lines, stream === 'stderr' ? '! ' : '  '),
    progressPercent: percentProgress(clock, (name, percent) =>
      event('artifact.progress', { name, step: spec.name, percent }),
    ),
    convertImage: (from, to, onPercent) => tools.hypervisor.convertDisk(from, to, signal, onPercent),
    uploaded: (upload) => event('artifact.uploaded', upload),
    ...{ signal, clock, progress, log, activity },
  };
};

/** Gives a disk as a file of its own, or makes something of the files that there are. `at` is its place in the list. */
export const postProcess = (spec: PostProcessorSpec, at: number) =>
  ({
    name: spec.name,
    type: spec.type,
    phase: 'packaging',
    timeoutMs: spec.timeoutMs,
    about: planOf(spec),
    ...goesOnByRunning(async (needs: Needs, tools: Tools) => {
      const { drafts = [] } = needs;
      const taken = drafts.filter(({ name }) => spec.takes.includes(name));
      const given = await runOn(spec, taken, toolsFor(spec, at, needs, tools));
      const isLeft = ({ from }: ArtifactDraft) => given.some((draft) => draft.from === from);
      const isShared = ({ name }: ArtifactDraft) => spec.shares?.includes(name) === true;
      for (const draft of taken) if (!isLeft(draft) && !isShared(draft)) await rm(draft.from, { force: true });
      return { drafts: [...drafts.filter((draft) => !taken.includes(draft)), ...given] };
    }),
  }) satisfies Step<Needs, { drafts: readonly ArtifactDraft[] }>;
