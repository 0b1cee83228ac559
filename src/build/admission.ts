import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { Fault, type FieldError } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import type { BuildAsk, BuildInput, CheckedBuild, Claim, Demand, Store } from '../queue/store.ts';
import { checkTemplate } from '../template/resolve/check.ts';
import { demandOf, shapeOf } from '../template/resolve/demand.ts';
import { asWritten } from '../template/resolve/machine.ts';
import type { FileRoots, HostFacts } from '../context/files.ts';
import { listingOf } from '../context/listing.ts';
import type { Sources } from '../context/sources.ts';
import { shownTexts } from '../template/resolve/shown-texts.ts';
import { resolve } from '../template/resolve/resolve.ts';
import { sealDocument, sealVariables } from '../openbsd/passwords/seal.ts';
import { parseTemplate, type Template } from '../template/document/template.ts';
import { judgedDocument, translate, type Translation } from '../template/expand/packer.ts';
import type { Spec } from '../template/spec.ts';
import { turn } from '../base/turns.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { digestOf } from './canonical.ts';
import { templateFileIn, type Received } from './contexts.ts';
import type { Folders } from './folders/folders.ts';
import { recipeFor } from './recipe.ts';
import { sourcesForLater, sourcesOf, type Recorded } from './files/sources.ts';

export type AdmissionParts = {
  readonly store: Store;
  readonly hypervisor: Pick<Hypervisor, 'refuse'>;
  readonly folders: Folders;
  readonly ids: Ids;
  readonly clock: Clock;
  /** What the host's machines find around them. */
  readonly host?: () => HostFacts;
  /** Names and absolute paths, as the configuration lists them now. */
  readonly media: () => Readonly<Record<string, string>>;
  /** What else machines may begin with; undefined: nothing. */
  readonly sources?: Pick<Sources, 'uploaded' | 'ofDigest' | 'refuseUrl'>;
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

export type Admission = {
  /**
   * Judges the ask whole (template, variables, files, capacity) and makes it a build. Throws `template_invalid`,
   * `never_fits`, `storage_full`, with pointers into the request's body.
   */
  readonly check: (asked: BuildAsk) => Promise<CheckedBuild>;
  /**
   * Judges a template document before it is stored, but for the values of its variables. Gives it as it may be stored,
   * with hashes in place of the passwords of OpenBSD's response files, and the digest over it and its context's files.
   */
  readonly checkTemplate: (
    document: unknown,
    context: Pick<Received, 'contextId' | 'digest'> | undefined,
  ) => Promise<{ readonly document: unknown; readonly digest: string }>;
  /**
   * Translates a template of Packer into documents of imaged, one for each builder. Throws `template_invalid`, with pointers
   * into the template.
   */
  readonly translate: (
    document: unknown,
    variables: BuildAsk['variables'],
    context: Pick<Received, 'contextId'> | undefined,
  ) => Promise<Translation>;
  /** The spec of a build that was accepted, for the attempt that runs it. */
  readonly resolveClaim: (claim: Claim) => Promise<Spec>;
};

type Found = { readonly document: unknown; readonly version?: number; readonly contextId?: string };

const under = (prefix: string, fieldErrors: readonly FieldError[]): FieldError[] =>
  fieldErrors.map(({ pointer, message }) => ({ pointer: `${prefix}${pointer}`, message }));

// Where the template and the variables stand in what a client sends.
const at = { template: '/template', variables: '/variables' };

const tooMuch = (asked: Demand, whole: Demand): FieldError[] => {
  const fieldErrors: FieldError[] = [];
  if (asked.memoryMb > whole.memoryMb)
    fieldErrors.push({
      pointer: '/template/machine/memory',
      message: `asks for ${asked.memoryMb} MB of memory; this host gives ${whole.memoryMb} MB at most`,
    });
  if (asked.diskMb > whole.diskMb)
    fieldErrors.push({
      pointer: '/template/machine/disks',
      message: `may need ${asked.diskMb} MB of disk; this host has room for ${whole.diskMb} MB at most`,
    });
  return fieldErrors;
};

/** The stored template that `name` or `name@version` names. Throws `template_invalid`. */
const findTemplate = async (store: Pick<Store, 'template'>, named: string): Promise<Found> => {
  const [, name = named, digits] = /^([^@]*)(?:@(\d{1,9}))?$/.exec(named) ?? [];
  const found = await store.template(name, digits === undefined ? undefined : Number(digits));
  if (found === undefined)
    throw new Fault('template_invalid', `There is no template "${named}".`, {
      errors: [
        { pointer: '/template', message: `there is no template "${named}"; GET /templates lists those there are` },
      ],
    });
  return {
    document: found.document,
    version: found.version,
    ...(found.contextId === undefined ? {} : { contextId: found.contextId }),
  };
};

/** A document without plain passwords; where it came as a file of a context, the file has none either. */
const sealIn = async (
  folders: Pick<Folders, 'context'>,
  document: unknown,
  contextId: string | undefined,
  seed: string,
): Promise<unknown> => {
  const sealed = await sealDocument(document, seed);
  if (contextId !== undefined && sealed !== document)
    // JSON is YAML as well.
    await writeFile(
      join(folders.context(contextId), await templateFileIn(folders.context(contextId))),
      `${JSON.stringify(sealed, null, 2)}\n`,
    );
  return sealed;
};

/** What the build takes from the host. Throws `template_invalid` or `never_fits` where the host cannot give it. */
const checkedDemand = async (
  template: Template,
  spec: Spec,
  { hypervisor, whole, textsMb, signal }: AdmissionParts,
): Promise<Demand> => {
  const refused = under('/template', asWritten(template, await hypervisor.refuse(shapeOf(spec), signal)));
  if (refused.length > 0)
    throw new Fault('template_invalid', 'The template asks for what the hypervisor of this host cannot do.', {
      errors: refused,
    });
  const demand = demandOf(spec, textsMb);
  const never = tooMuch(demand, await whole());
  if (never.length > 0)
    throw new Fault('never_fits', 'The build asks for more than this host could ever give.', { errors: never });
  return demand;
};

/** Where a template of this context finds files. */
const filesOf = (
  { folders, media, host }: AdmissionParts,
  contextId: string | undefined,
  sources: Sources | undefined,
): FileRoots => ({
  ...(contextId === undefined ? {} : { context: folders.context(contextId) }),
  media: media(),
  ...(sources === undefined ? {} : { sources }),
  ...(host === undefined ? {} : { host: host() }),
});

/** The names of the variables whose values are never shown. */
const sensitiveIn = ({ variables }: Template): readonly string[] =>
  Object.entries(variables).flatMap(([name, { sensitive }]) => (sensitive ? [name] : []));

/** The document that is asked for: sent with the request, or stored under its name. */
const foundFor = async (store: AdmissionParts['store'], { template }: BuildAsk): Promise<Found> =>
  typeof template === 'string' ? findTemplate(store, template) : { document: template };

/** Resolves a template for one build. `recorded`: what it names by `latest`, which is filled where it is empty. */
const makeResolveFor = (parts: AdmissionParts) => {
  const rootsFor = (contextId: string | undefined, recorded: Recorded): FileRoots =>
    filesOf(parts, contextId, parts.sources && sourcesOf({ ...parts, ...parts.sources }, recorded));

  return (
    template: Template,
    input: Pick<BuildInput, 'variables'>,
    contextId: string | undefined,
    { buildId, timestampMs }: { readonly buildId: string; readonly timestampMs: number },
    recorded: Recorded,
  ) =>
    resolve({
      template,
      variables: input.variables,
      files: rootsFor(contextId, recorded),
      frozen: { buildId, timestampMs },
      defaults: { timeoutMs: parts.defaultTimeoutMs },
      at,
    });
};

/** Judges what clients ask for, as a whole and before anything is stored. */
export const makeAdmission = (parts: AdmissionParts): Admission => {
  const { store, folders, ids, clock } = parts;

  const resolveFor = makeResolveFor(parts);

  const optionsOf = (
    variables: BuildAsk['variables'],
    contextId: string | undefined,
    buildId: string,
    timestampMs: number,
  ) => ({
    variables,
    frozen: { buildId, timestampMs },
    files: listingOf(contextId === undefined ? undefined : folders.context(contextId)),
  });

  return {
    check: async (asked) => {
      await parts.checkRoom();
      const isStored = typeof asked.template === 'string';
      const { document: given, version, contextId = asked.contextId } = await foundFor(store, asked);
      await turn();
      const id = ids.id();
      const now = clock.now();
      const options = () => optionsOf(asked.variables, contextId, id, now);
      const recorded: Recorded = new Map();
      const { document, notes, judge, note } = await judgedDocument(given, options, at.template);
      const { template, spec, demand } = await judge(async () => {
        const template = parseTemplate(document, at.template, asked.variables);
        const spec = await resolveFor(template, asked, contextId, { buildId: id, timestampMs: now }, recorded);
        return { template, spec, demand: await checkedDemand(template, spec, parts) };
      });
      return {
        id,
        template: isStored ? document : await sealIn(folders, document, asked.contextId, id),
        templateName: spec.name,
        ...(version === undefined ? {} : { templateVersion: version }),
        variables: await sealVariables(document, asked.variables, id),
        labels: asked.labels,
        priority: asked.priority,
        timeoutMs: asked.timeoutMs ?? spec.timeoutMs,
        onError: asked.onError,
        ...(contextId === undefined ? {} : { contextId }),
        demand,
        plan: recipeFor(spec).steps,
        bases: Object.fromEntries(recorded),
        notes: [...notes, ...spec.notes.map(note)],
        http: shownTexts(spec),
        sensitive: sensitiveIn(template),
      };
    },
    checkTemplate: async (document, context) => {
      await parts.checkRoom();
      await turn();
      const template = parseTemplate(document);
      const later = parts.sources && sourcesForLater({ ...parts, ...parts.sources });
      await checkTemplate(template, filesOf(parts, context?.contextId, later));
      // The same document is to be the same version again, so its hashes must not differ from one time to another.
      const kept = await sealIn(folders, document, context?.contextId, `template ${template.name}`);
      return { document: kept, digest: digestOf([kept, context?.digest ?? null]) };
    },
    translate: async (document, variables, context) => {
      await turn();
      return translate(document, optionsOf(variables, context?.contextId, ids.id(), clock.now()));
    },
    resolveClaim: ({ build, input }) =>
      resolveFor(
        parseTemplate(input.template, '', input.variables),
        input,
        build.contextId,
        { buildId: build.id, timestampMs: build.createdAt },
        new Map(Object.entries(input.bases ?? {})),
      ),
  };
};
