import type { DiskPlan, Spec } from '../../template/spec.ts';
import type { ProvisionerSpec } from '../../provisioners/table.ts';
import type { PostProcessorSpec } from '../../post-processors/table.ts';
import type { Named } from './look-into.ts';
import { namedBelow } from './named.ts';

/** What of a part of a plan goes into its key. */
export type KeyPart = {
  /** `install`, `connect`, `provisioners/2` as in the template, `seal` or `finish`. */
  readonly name: string;
  /** The step of the plan after which it is done. */
  readonly step: string;
  /** By the keys of the template, each by itself, so that it can be said which of them has changed. */
  readonly values: readonly Named[];
  /** Of a provisioner. */
  readonly type?: ProvisionerSpec['type'];
  /** How long what a provisioner makes may be used, where it says so; ms. */
  readonly maxAgeMs?: number;
};

/** Settings without how long they may take: that changes nothing of what comes out. */
const withoutDeadline = <T extends { readonly timeoutMs: number }>({ timeoutMs: _, ...rest }: T) => rest;

/** A base that is known by its checksum is the same before it is fetched and afterwards. */
const diskOf = ({ base, laterBase, format, sizeMb }: DiskPlan) => {
  const disk = { format, size: sizeMb };
  const wanted = base?.wanted === undefined ? laterBase : base;
  if (wanted === undefined) return { ...disk, base };
  const { path, shown } = wanted;
  return { ...disk, base: { path, shown, ...(wanted.wanted === undefined ? {} : { wanted: wanted.wanted }) } };
};

const machineOf = (spec: Spec) => {
  const { memoryMb, cpus, nics, model, display, firmware, disks, cdrom, floppy, boot } = spec;
  return {
    ...{ memory: memoryMb, cpus, disks: disks.map(diskOf), nics, model, display, firmware, cdrom, floppy, boot },
    ...{ cdOfFiles: spec.cdOfFiles, floppyOfFiles: spec.floppyOfFiles, cloudInit: spec.cloudInit?.by },
  };
};

const conversationOf = ({ turns, timeoutMs: _, ...rest }: NonNullable<Spec['install']>) => ({
  console: turns,
  ...rest,
});

const installOf = (spec: Spec): KeyPart => {
  const { name, http, install, cloudInit, communicator, cache } = spec;
  const seed = cloudInit?.files ?? [];
  return {
    name: 'install',
    step: 'await-end-of-install',
    values: [
      // The guest is called by it.
      ['name', name],
      ...namedBelow('machine/', machineOf(spec)),
      ...seed.map(({ name: file, text }): Named => [`machine/cloud_init/${file}`, text]),
      ...http.map(({ path, ...entry }): Named => [`http/${path}`, entry]),
      ...(install === undefined ? [] : namedBelow('install/', conversationOf(install))),
      // The guest is given the key of the build where the build logs in by ssh.
      ['communicator/type', communicator?.type],
      // What was kept under one age may be too old for another.
      ['cache/max_age', cache.maxAgeMs],
    ],
  };
};

const loginOf = ({ communicator }: Spec): readonly Named[] => {
  if (communicator === undefined) return [];
  if (communicator.type === 'console') return namedBelow('communicator/', withoutDeadline(communicator));
  // How long and how often it is tried lets the build in, or not.
  const { type, username, port, privateKey, certificate, password, pty, bastion, pauseBeforeConnectingMs } =
    communicator;
  return namedBelow('communicator/', {
    ...{ type, username, port, privateKey, certificate, password, pty, bastion },
    // What the guest does meanwhile is there before the first provisioner.
    pauseBeforeConnecting: pauseBeforeConnectingMs,
  });
};

const provisionerOf = (spec: ProvisionerSpec, at: number): KeyPart => {
  const { name, type, settings, maxRetries, pauseBeforeMs, maxAgeMs } = spec;
  return {
    ...{ name: `provisioners/${at}`, step: name, type },
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    values: [
      ['type', type],
      ['name', name],
      ...namedBelow('', settings),
      ['max_retries', maxRetries],
      ['pause_before', pauseBeforeMs],
      ['max_age', maxAgeMs],
    ],
  };
};

/** Artifacts and post-processors, by the names of their steps. */
const postProcessorOf = (spec: PostProcessorSpec): readonly Named[] => {
  const { name, settings, ...rest } = withoutDeadline(spec);
  return [[name, rest], ...namedBelow(`${name}/`, settings)];
};

/** The parts of a build in the order of its plan: each with all that can change what comes out of it. */
export const partsOf = (spec: Spec): readonly KeyPart[] => [
  installOf(spec),
  { name: 'connect', step: 'connect', values: loginOf(spec) },
  ...spec.provisioners.map(provisionerOf),
  {
    name: 'seal',
    step: 'shut-down',
    values: [
      ['seal', spec.seal],
      ['communicator/keep_key', spec.communicator?.type === 'ssh' && spec.communicator.keepsKey],
      ...namedBelow('shutdown/', withoutDeadline(spec.shutdown)),
    ],
  },
  {
    name: 'finish',
    step: 'publish',
    values: spec.postProcessors.flatMap(postProcessorOf),
  },
];
