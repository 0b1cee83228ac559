import type { ProvisionerSpec } from '../../provisioners/table.ts';
import type { Spec } from '../../template/spec.ts';

/** What of a part of a plan goes into its key, by what people call it. */
export type Part = {
  /** `install`, `connect`, `provisioners/2` as in the template, `seal` or `finish`. */
  readonly name: string;
  /** The step of the plan after which it is done. */
  readonly step: string;
  readonly values: Readonly<Record<string, unknown>>;
};

/** Settings without how long they may take: that changes nothing of what comes out. */
const withoutDeadline = <T extends { readonly timeoutMs: number }>({ timeoutMs: _, ...rest }: T) => rest;

const installOf = (spec: Spec): Part => {
  const { memoryMb, cpus, nics, model, display, firmware, disks, cdrom, floppy, boot, http, install } = spec;
  const { cdOfFiles, floppyOfFiles, cloudInit, communicator, name } = spec;
  return {
    name: 'install',
    step: 'await-end-of-install',
    values: {
      machine: { memoryMb, cpus, nics, model, display, firmware, hostname: name },
      disks,
      media: { cdrom, floppy, cdOfFiles, floppyOfFiles },
      'cloud-init': cloudInit,
      boot,
      http,
      conversation: install === undefined ? undefined : withoutDeadline(install),
      // The guest is given the key of the build where the build logs in by ssh.
      'way in': communicator?.type,
    },
  };
};

const loginOf = ({ communicator }: Spec): unknown => {
  if (communicator === undefined) return undefined;
  if (communicator.type === 'console') return withoutDeadline(communicator);
  // How long and how often it is tried lets the build in, or not.
  const { type, username, port, privateKey, certificate, password, pty, bastion } = communicator;
  return { type, username, port, privateKey, certificate, password, pty, bastion };
};

const provisionerOf = (spec: ProvisionerSpec, at: number): Part => {
  const { name, type, settings, maxRetries } = spec;
  return { name: `provisioners/${at}`, step: name, values: { [`${type} ${name}`]: { settings, maxRetries } } };
};

/** The parts of a build in the order of its plan: each with all that can change what comes out of it. */
export const partsOf = (spec: Spec): readonly Part[] => [
  installOf(spec),
  { name: 'connect', step: 'connect', values: { login: loginOf(spec) } },
  ...spec.provisioners.map(provisionerOf),
  {
    name: 'seal',
    step: 'shut-down',
    values: {
      seal: spec.seal,
      'build key': spec.communicator?.type === 'ssh' && spec.communicator.keepsKey ? 'stays' : 'goes',
      shutdown: withoutDeadline(spec.shutdown),
    },
  },
  {
    name: 'finish',
    step: 'publish',
    values: { 'post-processors': spec.postProcessors.map(withoutDeadline) },
  },
];
