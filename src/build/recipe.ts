import type { Guest, SshKey } from '../guest/types.ts';
import type { Artifact } from '../image/types.ts';
import type { Draft } from '../post-processors/kind.ts';
import { needsConsoleAlone } from '../provisioners/table.ts';
import { wantsFiles } from '../template/resolve/image-files.ts';
import type { ConsoleLogin, Spec, SshLogin } from '../template/spec.ts';
import type { Disk } from '../vmm/types.ts';
import type { Job } from './job.ts';
import { planFrom, type Plan } from './plan.ts';
import type { Running } from './running.ts';
import { joinSequences } from './sequences.ts';
import { awaitFirstBoot } from './steps/await-first-boot.ts';
import { awaitEndOfInstall } from './steps/await-end-of-install.ts';
import { bootFromDisk } from './steps/boot-from-disk.ts';
import { buildSiteSets } from './steps/build-site-sets.ts';
import { connect } from './steps/connect.ts';
import { connectOnConsole } from './steps/connect-console.ts';
import { createDisks } from './steps/create-disks.ts';
import { fetchFiles } from './steps/fetch-files.ts';
import { install } from './steps/install.ts';
import { keepInstaller } from './steps/keep-installer.ts';
import { makeKey } from './steps/make-key.ts';
import { makeWorkspace } from './steps/make-workspace.ts';
import { postProcess } from './steps/post-process.ts';
import { provisionGuest, provisionOnConsole } from './steps/provision.ts';
import { publish } from './steps/publish.ts';
import { seal } from './steps/seal.ts';
import { shutDown } from './steps/shut-down.ts';
import { startInstaller } from './steps/start-installer.ts';

type Given = { readonly job: Job };
type Prepared = Given & { readonly workspace: string; readonly disks: readonly Disk[] };
type Keyed = Prepared & { readonly key: SshKey };
type Packed = { readonly drafts?: readonly Draft[] };
type Made = Prepared & Packed;
type Up = { readonly running: Running };

/** The disks are filled and their machine has gone: nothing more is to be done in it. */
const installed = <Has extends Prepared & { key?: SshKey }>(
  plan: Plan<Given, Has>,
  spec: NonNullable<Spec['install']>,
) => plan.then(startInstaller('end')).then(install(spec)).then(awaitEndOfInstall(spec));

/** A machine runs that provisioners may work in. */
const up = <Has extends Prepared & { key?: SshKey }>(
  plan: Plan<Given, Has>,
  { install: spec }: Spec,
): Plan<Given, Has & Up> => {
  if (spec === undefined) return plan.then(startInstaller('again')).then(keepInstaller);
  if (spec.ends === 'never') return plan.then(startInstaller('again')).then(install(spec)).then(keepInstaller);
  const booted = installed(plan, spec).then(bootFromDisk);
  return spec.hearsFirstBoot === true ? booted.then(awaitFirstBoot) : booted;
};

/** The way out of a guest that the build has logged in to. */
const sealed = <Has extends Up & { readonly guest: Guest; readonly key?: SshKey }>(
  plan: Plan<Given, Has>,
  { seal: parts, shutdown }: Spec,
  key: 'goes' | 'stays',
) => (key === 'stays' && parts.length === 0 ? plan : plan.then(seal({ key, parts }))).then(shutDown(shutdown));

/** The provisioners of a guest that the build has logged in to. */
const provisioned = <Has extends Given & Up & { readonly guest: Guest }>(plan: Plan<Given, Has>, spec: Spec) =>
  spec.provisioners.reduce<Plan<Given, Has>>((so, provisioner) => so.then(provisionGuest(provisioner)), plan);

const provisionedBySsh = (plan: Plan<Given, Keyed>, spec: Spec, login: SshLogin) =>
  sealed(provisioned(up(plan, spec).then(connect(login)), spec), spec, login.keepsKey ? 'stays' : 'goes');

const provisionedByTyping = (plan: Plan<Given, Prepared>, spec: Spec, login: ConsoleLogin) =>
  sealed(provisioned(up(plan, spec).then(connectOnConsole(login)), spec), spec, 'stays');

const provisionedByConsole = (plan: Plan<Given, Prepared>, spec: Spec) =>
  spec.provisioners
    .filter(needsConsoleAlone)
    .reduce<Plan<Given, Prepared & Up>>((so, provisioner) => so.then(provisionOnConsole(provisioner)), up(plan, spec))
    .then(shutDown(spec.shutdown));

const filled = (spec: Spec): Plan<Given, Prepared> => {
  const begun = planFrom<Given>().then(makeWorkspace);
  const made = (wantsFiles(spec) ? begun.then(fetchFiles) : begun).then(createDisks);
  const prepared = spec.http.some(({ kind }) => kind === 'site') ? made.then(buildSiteSets) : made;
  const { communicator } = spec;
  if (communicator?.type === 'ssh') return provisionedBySsh(prepared.then(makeKey), spec, communicator);
  if (communicator?.type === 'console') return provisionedByTyping(prepared, spec, communicator);
  const endsByItself = spec.install !== undefined && spec.install.ends !== 'never';
  if (spec.install && endsByItself && spec.provisioners.length === 0) return installed(prepared, spec.install);
  return provisionedByConsole(prepared, spec);
};

/** The whole list of steps that build this spec: reading it is reading what will happen. */
export const recipeFor = (spec: Spec): Plan<Given, { readonly artifacts: readonly Artifact[] }> => {
  const before: Plan<Given, Made> = filled(spec);
  const placed = spec.postProcessors.map((one, at) => ({ sequence: one.sequence ?? 0, step: postProcess(one, at) }));
  const those = (sequence: number) => placed.filter((one) => one.sequence === sequence).map(({ step }) => step);
  const exported = those(0).reduce((so, step) => so.then(step), before);
  const numbers = [...new Set(placed.map(({ sequence }) => sequence))].filter((sequence) => sequence > 0);
  const sequences = numbers.map((sequence) =>
    those(sequence).reduce<Plan<Made, Made>>((so, step) => so.then(step), planFrom<Made>()),
  );
  return (sequences.length === 0 ? exported : exported.beside(sequences, joinSequences)).then(publish);
};
