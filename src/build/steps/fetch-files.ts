import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { checksumText } from '../../fetch/checksum.ts';
import type { FetchProgress } from '../../fetch/progress.ts';
import { whyNoMedium } from '../../context/foreign-image.ts';
import { shapeOf } from '../../template/resolve/demand.ts';
import { baseOf } from '../../template/resolve/machine.ts';
import type { DiskPlan, ImageRef, Spec } from '../../template/spec.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';
import { boundedProgress } from '../attempt/progress.ts';
import type { StepTools } from '../attempt/tools.ts';

/** The file, once this host has it: fetched, unless it was there. It stays until the build has ended. */
const had = async <Ref extends ImageRef>(file: Ref, { id }: Job, tools: StepTools): Promise<Ref> => {
  const { wanted, shown } = file;
  if (wanted === undefined) return file;
  const { supply, keep, event, log, clock, activity, signal } = tools;
  const whole = boundedProgress(clock, (percent) => event('file.progress', { file: shown, percent }));
  const tell = ({ have, length }: FetchProgress) => {
    if (length !== undefined && length > 0) whole((have / length) * 100);
  };
  const taken = keep(
    await activity.during(
      () => `fetching ${shown}`,
      () => supply.take(id, wanted, tell, signal),
    ),
  );
  const { path, bytes, url } = taken;
  const digest = checksumText(taken.checksum);
  event('file.taken', { file: shown, digest, bytes, ...(url === undefined ? {} : { url }) });
  log(`${url === undefined ? 'this host has' : 'fetched'} ${shown}: ${bytes} bytes, ${digest}`);
  return { ...file, path };
};

const diskWith = async (disk: DiskPlan, job: Job, tools: StepTools): Promise<DiskPlan> => {
  const { base, laterBase, ...rest } = disk;
  const asked = base ?? laterBase;
  if (asked?.wanted === undefined) return disk;
  const file = await had<ImageRef>({ path: '', shown: asked.shown, wanted: asked.wanted }, job, tools);
  try {
    return { ...rest, base: await baseOf(file) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Fault('base_unusable', `The image ${quoted(file.shown)} ${error.message}.`, {}, { cause: error });
  }
};

/** What a drive of the machine holds. */
const mediumWith = async (file: ImageRef, job: Job, tools: StepTools): Promise<ImageRef> => {
  const medium = await had(file, job, tools);
  const why = file.wanted === undefined ? undefined : await whyNoMedium(medium.path);
  if (why !== undefined) throw new Fault('base_unusable', `The image ${quoted(medium.shown)} ${why}.`);
  return medium;
};

const specWith = async (job: Job, tools: StepTools): Promise<Spec> => {
  const { spec } = job;
  const { kernel, initrd, ...boot } = spec.boot;
  const disks: DiskPlan[] = [];
  for (const disk of spec.disks) disks.push(await diskWith(disk, job, tools));
  return {
    ...spec,
    disks,
    ...(spec.cdrom === undefined ? {} : { cdrom: await mediumWith(spec.cdrom, job, tools) }),
    ...(spec.floppy === undefined ? {} : { floppy: await mediumWith(spec.floppy, job, tools) }),
    boot: {
      ...boot,
      ...(kernel === undefined ? {} : { kernel: await had(kernel, job, tools) }),
      ...(initrd === undefined ? {} : { initrd: await had(initrd, job, tools) }),
    },
  };
};

/** The base must fit into its disk, and the hypervisor must take what was not there to be judged before. */
const judge = async (spec: Spec, { hypervisor, signal }: StepTools): Promise<void> => {
  for (const { sizeMb, base } of spec.disks)
    if (base !== undefined && sizeMb !== undefined && sizeMb < base.virtualMb)
      throw new Fault(
        'base_unusable',
        `The image ${quoted(base.shown)} has ${base.virtualMb} MB, and its disk ${sizeMb} MB: a disk can be larger than its base, not smaller.`,
      );
  const [wrong] = await hypervisor.refuse(shapeOf(spec), signal);
  if (wrong !== undefined) throw new Fault('base_unusable', `${wrong.pointer}: ${wrong.message}.`);
};

/** Has every file that the template names by URL or digest on this host, with the digest that it must have. */
export const fetchFiles = {
  name: 'fetch',
  phase: 'preparing',
  // Each file has its own time, by [fetch] timeout, and the build has one for all.
  timeoutMs: 86_400_000,
  async run({ job }, tools) {
    const spec = await specWith(job, tools);
    await judge(spec, tools);
    return { job: { ...job, spec } };
  },
  takeUp: {
    // They are here by now, and were told of.
    async ended({ job }, tools) {
      const quiet = { ...tools, event: () => undefined, log: () => undefined };
      return { job: { ...job, spec: await specWith(job, quiet) } };
    },
  },
} satisfies Step<{ job: Job }, { job: Job }>;
