import { rm } from 'node:fs/promises';
import { asFault, Fault } from '../../base/fault.ts';
import type { Artifact } from '../../image/types.ts';
import type { ArtifactDraft } from '../../post-processors/kind.ts';
import type { PostProcessorSpec } from '../../post-processors/table.ts';
import type { Disk } from '../../vmm/types.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Job } from '../job.ts';
import { performerOf, type PerformParts } from '../attempt/perform.ts';
import type { OwnPlace } from '../take-up/place.ts';
import { postProcess } from '../steps/post-process.ts';
import { publish } from '../steps/publish.ts';

/** What the steps of a build have given before it failed, as far as they came. */
export type Facts = {
  readonly job: Job;
  readonly workspace?: string;
  readonly disks?: readonly Disk[];
  /** What there was when a sequence of post-processors had failed; undefined where none has. */
  drafts?: readonly ArtifactDraft[];
};

// Most of it is the conversion, which has an hour for itself.
const mostMs = 7_200_000;

const isWanted = (spec: PostProcessorSpec, drafts: readonly ArtifactDraft[]): boolean =>
  spec.type === 'export' && spec.settings.onFailure === true && !drafts.some(({ name }) => name === spec.settings.name);

const mostNamed = 10;

/** The fault of a build that has published something all the same. */
export const withArtifacts = ({ code, message, facts, cause }: Fault, artifacts: readonly Artifact[]): Fault => {
  const names = artifacts.slice(0, mostNamed).map(({ name }) => name);
  const more = artifacts.length > names.length ? ` and ${artifacts.length - names.length} more` : '';
  return new Fault(code, `${message} Published all the same: ${names.join(', ')}${more}.`, facts, { cause });
};

/**
 * Publishes what there is of a build that has failed for good: the drafts that its post-processors have left, where one of
 * those failed, and its disks as they were, where its template wants that; the power of its machine is cut first. Gives nothing
 * where there are none, or where that fails too; then the log says why.
 */
export const publishFailed = async (
  attempt: Attempt,
  { job, workspace, disks, drafts: left = [] }: Facts,
  parts: PerformParts & { readonly place: OwnPlace },
  stopped: AbortSignal,
): Promise<readonly Artifact[]> => {
  const wanted = job.spec.postProcessors.flatMap((spec, at) => (isWanted(spec, left) ? [{ spec, at }] : []));
  if (wanted.length + left.length === 0 || workspace === undefined || disks === undefined) return [];
  const { log } = attempt;
  if (left.length > 0) log('the build has failed; what there is of its artifacts is published');
  if (wanted.length > 0) log('the build has failed; its disks are published as they are');
  // The build's own time may be over.
  using limit = parts.clock.deadline(mostMs, stopped, () => new Error(`this took longer than ${mostMs / 1000} s`));
  const perform = performerOf({ ...attempt, signal: limit.signal }, parts, parts.place);
  try {
    await attempt.attended()?.[Symbol.asyncDispose]();
    let drafts = left;
    for (const { spec, at } of wanted) {
      // What it was to be made into needs names of files that a step before may have left.
      const step = postProcess(spec, job.spec.postProcessors.length + at);
      ({ drafts } = await perform(step, { job, workspace, disks, drafts }));
    }
    return (await perform(publish, { job, drafts })).artifacts;
  } catch (error) {
    log(`they could not be published: ${asFault(error).message}`);
    // Of these files the store knows nothing.
    await rm(job.folders.artifacts(job.id), { recursive: true, force: true });
    return [];
  }
};
