import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { BuildAsk, BuildAsked, CheckedBuild, CheckedRun, Demand, RunAsk } from '../queue/asked.ts';
import type { Claim, FrozenBuild } from '../queue/records.ts';
import type { Store } from '../queue/store.ts';
import { checkTemplate } from '../template/resolve/check.ts';
import { judgeStoredSecrets } from './asked/host-secrets.ts';
import type { ContextHostFacts } from '../context/files.ts';
import type { ContextSources } from '../context/sources.ts';
import { listingOf } from '../context/listing.ts';
import { parseTemplate } from '../template/document/template.ts';
import type { Expanded } from '../template/expand/expand.ts';
import { translateMachines } from '../template/expand/packer.ts';
import type { Spec } from '../template/spec.ts';
import { turn } from '../base/turns.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { SpecsOfKeys } from '../layers/keys/keys.ts';
import type { Frozen } from '../template/language/functions.ts';
import type { AgainAsk } from './again/asks.ts';
import { judgeFrozen } from './again/judge-frozen.ts';
import { digestOf } from './canonical.ts';
import { specsOfKeys } from './layers/specs-of-keys.ts';
import type { Received } from './contexts.ts';
import { declaredBy, type Declared } from './asked/declared.ts';
import type { UploadDigest } from './asked/began-with.ts';
import { removeValues, sealContext } from './asked/seal-context.ts';
import type { Folders } from './folders/folders.ts';
import { at, filesOf, judgeMachine, resolveFor } from './asked/judge.ts';
import {
  judgeAll,
  isChosen,
  judging,
  machinesOf,
  oneOf,
  thoseOf,
  type MachinesReading,
} from './asked/machines-asked.ts';
import { findAsked, withBases } from './asked/template-asked.ts';
import { sourcesForLater } from './files/sources.ts';
import type { Webhooks } from './asked/webhooks.ts';

export type AdmissionParts = {
  readonly store: Store;
  readonly hypervisor: Pick<Hypervisor, 'refuse'>;
  readonly folders: Folders;
  readonly ids: Ids;
  readonly clock: Clock;
  /** What the host's machines find around them. */
  readonly host?: () => ContextHostFacts;
  /** Names and absolute paths, as the configuration lists them now. */
  readonly media: () => Readonly<Record<string, string>>;
  /** What else machines may begin with; undefined: nothing. */
  readonly sources?: Pick<ContextSources, 'uploaded' | 'ofDigest' | 'refuseUrl'>;
  /** The digests of uploads; undefined: there are none. */
  readonly uploadDigest?: UploadDigest;
  /** Which webhooks may be told of builds, and which are told of all; undefined: none. */
  readonly webhooks?: Webhooks;
  /** All that this host could ever give to one build. */
  readonly whole: () => Promise<Demand>;
  /** Throws `storage_full` where nothing more may be kept. */
  readonly checkRoom: () => Promise<void>;
  readonly defaultTimeoutMs: number;
  /** MiB that a build may write beside its disks. */
  readonly textsMb: number;
  /** The life of the daemon. */
  readonly signal: AbortSignal;
};

/** What a build that was accepted, or may be, is resolved from again. */
export type ToResolve = {
  readonly build: Pick<Claim['build'], 'id' | 'contextId' | 'createdAt'>;
  readonly input: Pick<Claim['input'], 'template' | 'variables' | 'bases'>;
};

export type Admission = {
  /**
   * Judges the ask whole (template, variables, files, capacity) and makes it a build. Throws `template_invalid`,
   * `never_fits`, `storage_full`, with pointers into the request's body.
   */
  readonly check: (asked: BuildAsk) => Promise<CheckedBuild>;
  /** The same for each machine that a run is asked for; all that is wrong with any of them is told at once. */
  readonly checkRun: (asked: RunAsk) => Promise<CheckedRun>;
  /** Judges a build that is made of what another was made of; see `judgeFrozen`. */
  readonly checkFrozen: (
    frozen: FrozenBuild,
    asked: AgainAsk,
    as: Pick<BuildAsked, 'runId' | 'retryOf' | 'rebuildOf'>,
  ) => Promise<CheckedBuild>;
  /**
   * Judges a template document before it is stored, but for the values of its variables. Gives it as it may be stored,
   * with hashes in place of the passwords of OpenBSD's response files, and the digest over it and its context's files. `author`:
   * the name of the token that stores it.
   */
  readonly checkTemplate: (
    document: unknown,
    context: Pick<Received, 'contextId' | 'digest'> | undefined,
    name: string,
    author: string,
  ) => Promise<{ readonly document: unknown; readonly digest: string }>;
  /**
   * Translates a template of Packer into documents of imaged, one for each builder. Throws `template_invalid`, with pointers
   * into the template.
   */
  readonly translate: (
    document: unknown,
    variables: BuildAsk['variables'],
    context: Pick<Received, 'contextId'> | undefined,
  ) => Promise<readonly Expanded[]>;
  /**
   * What a template leaves to its builds, sent or stored under a name (`openbsd@3`), and which machines it has with these
   * values. Throws `template_invalid`, with pointers into the template.
   */
  readonly declared: (
    template: unknown,
    variables: BuildAsk['variables'],
    context: Pick<Received, 'contextId'> | undefined,
  ) => Promise<Declared>;
  /** The spec of a build that was accepted, for the attempt that runs it. */
  readonly resolveClaim: (claim: Claim) => Promise<Spec>;
  /** The same for the keys of its layers, and what it would be for another build or at another time. */
  readonly resolveForKeys: (build: ToResolve) => Promise<SpecsOfKeys>;
};

/** How a template of Packer is read that came with these variables and files. */
const makeReading =
  ({ folders, ids, clock, host }: AdmissionParts) =>
  (
    variables: BuildAsk['variables'],
    contextId: string | undefined,
    isAsked?: (machine: string) => boolean,
  ): MachinesReading => {
    const folder = contextId === undefined ? undefined : folders.context(contextId);
    const frozen = { buildId: ids.id(), timestampMs: clock.now() };
    return {
      options: {
        ...{ variables, frozen, files: listingOf(folder) },
        hasOutgoing: host?.().hasOutgoing ?? true,
        ...(isAsked === undefined ? {} : { isAsked }),
      },
      ...(folder === undefined ? {} : { folder }),
    };
  };

const frozenOf = ({ build }: ToResolve): Frozen => ({ buildId: build.id, timestampMs: build.createdAt });

/** Judges what clients ask for, as a whole and before anything is stored. */
// One closure, though long: seven questions over the same parts.
export const makeAdmission = (parts: AdmissionParts): Admission => {
  const { store, folders, ids } = parts;
  const readingFor = makeReading(parts);

  const found = async (
    asked: Pick<BuildAsk, 'template' | 'contextId' | 'variables'>,
    isAsked: (machine: string) => boolean,
  ) => {
    await parts.checkRoom();
    const template = await findAsked(store, asked, at.template);
    await turn();
    const reading = readingFor(asked.variables, template.contextId, isAsked);
    return { template, machines: await machinesOf(template, at.template, reading) };
  };

  /** What is kept of a request beside its builds. */
  const sealSent = async ({ template, contextId }: Pick<BuildAsk, 'template' | 'contextId'>, seed: string) => {
    if (typeof template === 'string') return;
    await sealContext(folders, template, contextId, seed);
    if (contextId !== undefined) await removeValues(folders, contextId);
  };

  const resolveAccepted = ({ build, input }: ToResolve, frozen: Frozen, instance?: string) =>
    resolveFor(
      parts,
      parseTemplate(input.template, '', input.variables),
      { when: 'accepted' },
      input,
      build.contextId,
      frozen,
      new Map(Object.entries(input.bases ?? {})),
      instance,
    );

  return {
    check: async (asked) => {
      const { template, machines } = await found(
        asked,
        (name) => asked.machine === undefined || asked.machine === name,
      );
      const machine = oneOf(machines, asked, at.template);
      const as = machines.length > 1 ? { machine: machine.name } : {};
      const build = await judging(machine, at.template, () => judgeMachine(parts, asked, template, machine, as));
      await sealSent(asked, build.id);
      return build;
    },
    checkRun: async (asked) => {
      const { template, machines } = await found(asked, (name) => isChosen(name, asked));
      const runId = ids.id();
      const builds = await judgeAll(thoseOf(machines, asked), async (machine) => {
        await turn();
        return judging(machine, at.template, () =>
          judgeMachine(parts, asked, template, machine, { runId, machine: machine.name }),
        );
      });
      await sealSent(asked, runId);
      const { parallel, failFast } = asked;
      const run = {
        ...{ id: runId, failFast },
        templateName: builds[0]?.templateName ?? '',
        ...(template.stored === undefined ? {} : { templateVersion: template.stored.version }),
        ...(parallel === undefined ? {} : { parallel }),
      };
      return { run, builds };
    },
    checkFrozen: (frozen, asked, as) => judgeFrozen(parts, frozen, asked, as),
    checkTemplate: async (document, context, own, author) => {
      await parts.checkRoom();
      await turn();
      const sent = { document, ...(context === undefined ? {} : { contextId: context.contextId }) };
      const template = await withBases(store, sent, '', own);
      const machines = await machinesOf(template, '');
      const later = parts.sources && sourcesForLater({ ...parts, ...parts.sources });
      await judgeAll(machines, (machine) =>
        judging(machine, '', async () => {
          const parsed = parseTemplate(machine.document);
          await judgeStoredSecrets(store, parsed, author);
          await checkTemplate(parsed, filesOf(parts, template.contextId, later));
        }),
      );
      // The same document is to be the same version again, so its hashes must not differ from one time to another.
      const name = machines[0]?.template ?? machines[0]?.name ?? '';
      const kept = await sealContext(folders, document, context?.contextId, `template ${name}`);
      return { document: kept, digest: digestOf([kept, context?.digest ?? null]) };
    },
    translate: async (document, variables, context) => {
      await turn();
      const machines = await machinesOf({ document, bases: [] }, '', readingFor(variables, context?.contextId));
      return translateMachines(machines);
    },
    declared: async (template, variables, context) => {
      await turn();
      const sent = { template, ...(context === undefined ? {} : { contextId: context.contextId }) };
      const asked = await findAsked(store, sent, '');
      return declaredBy(asked, '', readingFor(variables, asked.contextId));
    },
    resolveClaim: (claim) => resolveAccepted(claim, frozenOf(claim)),
    resolveForKeys: (claim) => specsOfKeys(frozenOf(claim), (frozen) => resolveAccepted(claim, frozen, 'any')),
  };
};
