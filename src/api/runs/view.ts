import type { z } from 'zod';
import { isRunEnded } from '../../base/records/run-status.ts';
import type { CachePreview } from '../../build/layers/preview.ts';
import type { Progress } from '../../base/records/progress.ts';
import type { Build, StoredRun } from '../../queue/records.ts';
import type { CheckedRun, NewRun } from '../../queue/asked.ts';
import { showNewBuild, showTemplateUsed, type View } from '../builds/view.ts';
import { timeOf } from '../contract/common.ts';
import type { Run, RunPlan } from './schema.ts';

type Shown = z.output<typeof Run>;

type Known = ReadonlyMap<string, Progress>;

const showBuild = (row: Build, view: Pick<View, 'build'>, known: Known): Shown['builds'][number] => {
  const { id, status, phase, progress, machine = '', fault, links } = view.build(row, { progress: known.get(row.id) });
  return {
    ...{ machine, id, status },
    ...(phase === undefined ? {} : { phase }),
    ...(progress === undefined ? {} : { progress }),
    ...(fault === undefined ? {} : { fault: fault.message }),
    links: { self: links.self, log: links.log, artifacts: links.artifacts },
  };
};

/** What a run is made of; which templates that was merged over its builds know. */
const templateOf = ({ templateName, templateVersion }: NewRun, [first]: readonly Pick<Build, 'extended'>[]) =>
  showTemplateUsed({
    templateName,
    ...(templateVersion === undefined ? {} : { templateVersion }),
    ...(first?.extended === undefined ? {} : { extended: first.extended }),
  });

/** A run as the API shows it. `known`: how far its builds are, where that was asked. */
export const showRun = (run: StoredRun, view: Pick<View, 'build'>, known: Known = new Map()): Shown => {
  const self = `/runs/${run.id}`;
  const { builds } = run;
  return {
    id: run.id,
    status: run.status,
    template: templateOf(run, builds),
    builds: builds.map((build) => showBuild(build, view, known)),
    ...(run.parallel === undefined ? {} : { parallel: run.parallel }),
    fail_fast: run.failFast,
    ...(run.requestedBy === undefined ? {} : { requested_by: run.requestedBy }),
    ...(run.rebuildOf === undefined ? {} : { rebuild_of: run.rebuildOf }),
    created_at: timeOf(run.createdAt),
    ...(run.endedAt === undefined ? {} : { ended_at: timeOf(run.endedAt) }),
    version: run.version,
    links: {
      self,
      status: `${self}/status`,
      result: `${self}/result`,
      events: `${self}/events`,
      builds: `/builds?run=${run.id}`,
      cancel: `${self}/cancel`,
    },
  };
};

/** What it comes to, in a sentence for people. */
export const resultOf = ({ status, builds }: StoredRun): string => {
  const told = builds
    .filter((build) => build.status === 'failed' || build.status === 'cancelled')
    .map((build) => `${build.machine ?? build.id} ${build.status}: ${build.fault?.message ?? 'no reason is kept'}`);
  return isRunEnded(status) && told.length > 0 ? told.join(' ') : `The run is ${status}.`;
};

/** `previews`: of its builds. `pointerTo` says where a place in a JSON body is in what was sent. */
export const showNewRun = (
  { run, builds }: CheckedRun,
  previews: readonly CachePreview[],
  pointerTo: (pointer: string) => string,
): z.output<typeof RunPlan> => ({
  template: templateOf(run, builds),
  machines: builds.map((build, at) => showNewBuild(build, previews[at] ?? { steps: [] }, pointerTo)),
});
