import type { Guest, SshKey } from '../guest/types.ts';
import type { Artifact } from '../image/types.ts';
import type { ArtifactDraft } from '../post-processors/kind.ts';
import type { PostProcessorType } from '../post-processors/table.ts';
import { needsConsoleAlone } from '../provisioners/table.ts';
import { wantsFiles } from '../template/resolve/image-files.ts';
import type { ConsoleLogin, Spec, SshLogin } from '../template/spec.ts';
import type { Disk } from '../vmm/types.ts';
import type { Job } from './job.ts';
import { planFrom, type Plan } from './plan.ts';
import type { Running } from './machine/running.ts';
import { noLayering, type Layering } from './layers/layering.ts';
import { joinSequences } from './attempt/sequences.ts';
import { awaitFirstBoot } from './steps/install/await-first-boot.ts';
import { awaitEndOfInstall } from './steps/install/await-end-of-install.ts';
import { bootFromDisk } from './steps/boot-from-disk.ts';
import { buildSiteSets } from './steps/install/build-site-sets.ts';
import { connect } from './steps/connect/connect.ts';
import { connectOnConsole } from './steps/connect/connect-console.ts';
import { createDisks } from './steps/create-disks.ts';
import { fetchFiles } from './steps/fetch-files.ts';
import { freshenGuest, renewGuest } from './steps/keep/freshen-guest.ts';
import { goOn } from './steps/keep/go-on.ts';
import { keepByRestart, type LogIn } from './steps/keep/keep-by-restart.ts';
import { keepDisks, keepMachine } from './steps/keep/keep-layer.ts';
import { keepArtifacts, linkArtifacts } from './steps/keep/link-artifacts.ts';
import { takeKey, takeLayer } from './steps/keep/take-layer.ts';
import { hashInputs } from './steps/hash-inputs.ts';
import { install } from './steps/install/install.ts';
import { keepInstaller } from './steps/install/keep-installer.ts';
import { listPackages } from './steps/list-packages.ts';
import { makeKey } from './steps/make-key.ts';
import { makeMedia } from './steps/make-media.ts';
import { makeWorkspace } from './steps/make-workspace.ts';
import { postProcess } from './steps/post-process.ts';
import { provisionGuest, provisionOnConsole } from './steps/provision.ts';
import { publish } from './steps/publish.ts';
import { seal } from './steps/seal.ts';
import { shutDown } from './steps/shut-down.ts';
import { startInstaller } from './steps/install/start-installer.ts';

type Given = { readonly job: Job };
type Prepared = Given & { readonly workspace: string; readonly disks: readonly Disk[] };
type Keyed = Prepared & { readonly key: SshKey };
type Packed = { readonly drafts?: readonly ArtifactDraft[] };
type Made = Prepared & Packed;
type Up = { readonly running: Running };
type Has<More> = Prepared & { readonly key?: SshKey } & More;

/** The place behind which a part of the plan may be kept, where there is one. */
const cutAfter = ({ cuts }: Layering, part: string) => cuts.find((cut) => cut.part === part);

/** Keeps the running machine behind a part of the plan, where it may be cut there. */
const kept = <H extends Has<Up>>(plan: Plan<Given, H>, part: string, layering: Layering): Plan<Given, H> => {
  const cut = cutAfter(layering, part);
  return cut?.kind === 'machine' ? plan.then(keepMachine(cut, layering)) : plan;
};

/** The same behind a provisioner; where machines are kept at rest alone, the guest is started anew by it. */
const keptAfter = <H extends Has<Up & { readonly guest: Guest }>>(
  plan: Plan<Given, H>,
  at: number,
  { shutdown }: Spec,
  logIn: LogIn<H>,
  layering: Layering,
): Plan<Given, H> => {
  const cut = cutAfter(layering, `provisioners/${at}`);
  if (cut?.kind !== 'disk') return kept(plan, `provisioners/${at}`, layering);
  return plan.then(keepByRestart(cut, shutdown, layering, logIn));
};

/** The disks are filled and their machine has gone: nothing more is to be done in it. */
const installed = <H extends Has<object>>(
  plan: Plan<Given, H>,
  spec: NonNullable<Spec['install']>,
  layering: Layering,
): Plan<Given, H> => {
  if (layering.from !== undefined) return plan;
  const done = plan.then(startInstaller('end')).then(install(spec)).then(awaitEndOfInstall(spec));
  const cut = cutAfter(layering, 'install');
  return cut === undefined ? done : done.then(keepDisks(cut, layering));
};

/** A machine runs that provisioners may work in. */
const up = <H extends Has<object>>(
  plan: Plan<Given, H>,
  { install: spec }: Spec,
  layering: Layering,
): Plan<Given, H & Up> => {
  if (layering.from?.cut.kind === 'machine') return plan.then(goOn(layering.from, layering.spoil));
  if (spec === undefined) return plan.then(startInstaller('again')).then(keepInstaller);
  if (spec.ends === 'never') return plan.then(startInstaller('again')).then(install(spec)).then(keepInstaller);
  const booted = installed(plan, spec, layering).then(bootFromDisk);
  const isFirst = layering.from === undefined || layering.from.cut.part === 'install';
  return spec.hearsFirstBoot === true && isFirst ? booted.then(awaitFirstBoot) : booted;
};

/** The way out of a guest that the build has logged in to. */
const sealed = <H extends Has<Up & { readonly guest: Guest }>>(
  plan: Plan<Given, H>,
  { seal: parts, shutdown }: Spec,
  key: 'goes' | 'stays',
  layering: Layering,
): Plan<Given, H> => {
  const done = key === 'stays' && parts.length === 0 ? plan : plan.then(seal({ key, parts }));
  const down = done.then(shutDown(shutdown));
  const cut = cutAfter(layering, 'seal');
  return cut === undefined ? down : down.then(keepDisks(cut, layering, 'sealed'));
};

/** Whether there is a post-processor of one of these kinds. */
const tellsOf = ({ postProcessors }: Spec, ...kinds: readonly PostProcessorType[]): boolean =>
  postProcessors.some(({ type }) => kinds.includes(type));

/** The provisioners of a guest that the build has logged in to, and what post-processors want to know of it then. */
const provisioned = <H extends Has<Up & { readonly guest: Guest }>>(
  plan: Plan<Given, H>,
  spec: Spec,
  logIn: LogIn<H>,
  layering: Layering,
): Plan<Given, H> => {
  const before = layering.from?.cut.provisioners ?? 0;
  const done = spec.provisioners.reduce<Plan<Given, H>>((so, one, at) => {
    if (at < before) return so;
    const provision = provisionGuest(one, layering.isConstant(`provisioners/${at}`));
    return keptAfter(so.then(provision), at, spec, logIn, layering);
  }, plan);
  const listed = tellsOf(spec, 'sbom') ? done.then(listPackages) : done;
  return layering.from === undefined ? listed : listed.then(renewGuest);
};

const provisionedBySsh = (plan: Plan<Given, Keyed>, spec: Spec, login: SshLogin, layering: Layering) => {
  const logIn = connect(login);
  const goesOn = layering.from?.cut.kind === 'machine';
  const connected = up(plan, spec, layering).then(goesOn ? connect(login, layering) : logIn);
  const ready = goesOn ? connected.then(freshenGuest(layering)) : kept(connected, 'connect', layering);
  return sealed(provisioned(ready, spec, logIn, layering), spec, login.keepsKey ? 'stays' : 'goes', layering);
};

const provisionedByTyping = (plan: Plan<Given, Prepared>, spec: Spec, login: ConsoleLogin, layering: Layering) => {
  const logIn = connectOnConsole(login);
  return sealed(provisioned(up(plan, spec, layering).then(logIn), spec, logIn, layering), spec, 'stays', layering);
};

const provisionedByConsole = (plan: Plan<Given, Prepared>, spec: Spec, layering: Layering) =>
  spec.provisioners
    .filter(needsConsoleAlone)
    .reduce<Plan<Given, Prepared & Up>>(
      (so, provisioner) => so.then(provisionOnConsole(provisioner)),
      up(plan, spec, layering),
    )
    .then(shutDown(spec.shutdown));

const filled = (spec: Spec, layering: Layering): Plan<Given, Prepared> => {
  const { from } = layering;
  const begun = planFrom<Given>().then(makeWorkspace);
  const fetched = wantsFiles(spec) ? begun.then(fetchFiles) : begun;
  const hashed = tellsOf(spec, 'sbom', 'provenance') ? fetched.then(hashInputs) : fetched;
  const made = from === undefined ? hashed.then(createDisks) : hashed.then(takeLayer(from));
  if (from?.cut.part === 'seal') return made;
  const packed = spec.http.some(({ kind }) => kind === 'site') ? made.then(buildSiteSets) : made;
  const prepared = spec.cdOfFiles === undefined && spec.floppyOfFiles === undefined ? packed : packed.then(makeMedia);
  const { communicator } = spec;
  if (communicator?.type === 'ssh') {
    const keyed = prepared.then(from === undefined ? makeKey : takeKey(from));
    return provisionedBySsh(keyed, spec, communicator, layering);
  }
  if (communicator?.type === 'console') return provisionedByTyping(prepared, spec, communicator, layering);
  const endsByItself = spec.install !== undefined && spec.install.ends !== 'never';
  if (spec.install && endsByItself && spec.provisioners.length === 0)
    return installed(prepared, spec.install, layering);
  return provisionedByConsole(prepared, spec, layering);
};

/** The whole list of steps that build this spec: reading it is reading what will happen. */
export const recipeFor = (
  spec: Spec,
  layering: Layering = noLayering,
): Plan<Given, { readonly artifacts: readonly Artifact[] }> => {
  if (layering.from?.cut.kind === 'artifacts') return planFrom<Given>().then(linkArtifacts(layering.from));
  const before: Plan<Given, Made> = filled(spec, layering);
  const placed = spec.postProcessors.map((one, at) => ({ sequence: one.sequence ?? 0, step: postProcess(one, at) }));
  const those = (sequence: number) => placed.filter((one) => one.sequence === sequence).map(({ step }) => step);
  const exported = those(0).reduce((so, step) => so.then(step), before);
  const numbers = [...new Set(placed.map(({ sequence }) => sequence))].filter((sequence) => sequence > 0);
  const sequences = numbers.map((sequence) =>
    those(sequence).reduce<Plan<Made, Made>>((so, step) => so.then(step), planFrom<Made>()),
  );
  const made = (sequences.length === 0 ? exported : exported.beside(sequences, joinSequences)).then(publish);
  const cut = cutAfter(layering, 'finish');
  return cut === undefined ? made : made.then(keepArtifacts(cut, layering));
};
