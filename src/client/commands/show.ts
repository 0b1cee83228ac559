import type { Build } from '../api/types.ts';
import type { RunCommand } from '../args/types.ts';
import { faultLines } from '../show/fault.ts';
import { shownStatus } from '../show/status.ts';
import { facts } from '../show/table.ts';
import { secondsBetween, shownBytes, shownLeft, shownSeconds } from '../show/units.ts';
import { whichBuild } from './which-build.ts';

const labelsOf = ({ labels }: Build): string | undefined => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? undefined : pairs.join(' ');
};

const progressOf = ({ progress }: Build): string | undefined => {
  if (progress?.fraction === undefined) return undefined;
  return [`${Math.floor(progress.fraction * 100)} %`, shownLeft(progress)].filter((word) => word !== '').join(', ');
};

const linesOf = (build: Build) => {
  const { template, started_at: started, ended_at: ended, hold, paused, waiting, demand } = build;
  return facts([
    ['build', { as: 'bold', text: build.id }],
    ['status', shownStatus(build)],
    ['progress', progressOf(build)],
    ['waits for', waiting?.message],
    ['template', template.version === undefined ? template.name : `${template.name}@${template.version}`],
    ['machine', build.machine],
    ['run', build.run],
    ['labels', labelsOf(build)],
    ['asked', `${build.created_at}${build.requested_by === undefined ? '' : ` by ${build.requested_by}`}`],
    ['started', started],
    ['ended', ended],
    ['took', started === undefined ? undefined : shownSeconds(secondsBetween(started, ended ?? Date.now()))],
    ['attempt', build.attempt > 1 ? String(build.attempt) : undefined],
    ['takes', `${demand.memory_mb} MiB of memory, ${demand.disk_mb} MiB of disk`],
    ['held until', hold?.until],
    ['log in', hold?.ssh],
    ...(paused ?? []).flatMap(({ name, note, until, ssh }) => [
      ['at breakpoint', note === undefined ? name : `${name}: ${note}`] as const,
      ['goes on by', `imagectl resume ${build.id}`] as const,
      ['fails at', until] as const,
      ['log in', ssh] as const,
    ]),
    ['pinned', build.pinned === undefined ? undefined : `by ${build.pinned.by}`],
  ]);
};

/** `imagectl show` */
export const run: RunCommand = async ({ api: connect, output, operands: [id], values }) => {
  const api = await connect();
  const build = await whichBuild(api, id);
  if (values.json === true) {
    output.printJson(build);
    return 'succeeded';
  }
  output.print(...linesOf(build));
  if (build.fault !== undefined) output.print('', ...faultLines(build.fault, build));
  const { items } = await api.ask('get', '/builds/{id}/artifacts', { path: { id: build.id } });
  for (const { name, size, sha256 } of items) output.print(`${name}  ${shownBytes(size)}  SHA256 ${sha256}`);
  return 'succeeded';
};
