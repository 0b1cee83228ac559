import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { Fault, type FieldError } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import type { BuildAsk, BuildInput, CheckedBuild, Claim, Demand, Store } from '../queue/store.ts';
import { checkTemplate } from '../template/resolve/check.ts';
import { demandOf, shapeOf } from '../template/resolve/demand.ts';
import type { FileRoots, HostFacts } from '../context/files.ts';
import { resolve } from '../template/resolve/resolve.ts';
import { sealDocument, sealVariables } from '../openbsd/passwords/seal.ts';
import { parseTemplate, type Template } from '../template/document/template.ts';
import type { Spec } from '../template/spec.ts';
import { turn } from '../base/turns.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { Folders } from './folders/folders.ts';
import { recipeFor } from './recipe.ts';

export type IntakeParts = {
  readonly store: Store;
  readonly hypervisor: Pick<Hypervisor, 'refuse'>;
  readonly folders: Folders;
  readonly ids: Ids;
  readonly clock: Clock;
  /** What the host's machines find around them. */
  readonly host?: () => HostFacts;
  /** Names and absolute paths, as the configuration lists them now. */
  readonly media: () => Readonly<Record<string, string>>;
  /** All that this host could ever give to one build. */
  readonly whole: () => Promise<Demand>;
  readonly defaultTimeoutMs: number;
  /** MiB that a build may write beside its disks. */
  readonly textsMb: number;
  /** The life of the daemon. */
  readonly signal: AbortSignal;
};

export type Intake = {
  readonly check: (asked: BuildAsk) => Promise<CheckedBuild>;
  /**
   * Judges a document that is to be stored: everything but the values of its variables. Gives it as it may be stored:
   * with hashes in place of the passwords of OpenBSD's response files.
   */
  readonly checkTemplate: (document: unknown, contextId: string | undefined) => Promise<unknown>;
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

/** Judges what clients ask for, as a whole and before anything is stored. */
export const makeIntake = (parts: IntakeParts): Intake => {
  const { store, hypervisor, folders, ids, clock } = parts;

  const find = async (named: string): Promise<Found> => {
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

  const filesOf = (contextId: string | undefined): FileRoots => ({
    ...(contextId === undefined ? {} : { context: folders.context(contextId) }),
    media: parts.media(),
    ...(parts.host === undefined ? {} : { host: parts.host() }),
  });

  /** A document without plain passwords; where it came as a file of a context, the file has none either. */
  const seal = async (document: unknown, contextId: string | undefined, seed: string): Promise<unknown> => {
    const sealed = await sealDocument(document, seed);
    if (contextId !== undefined && sealed !== document)
      await writeFile(join(folders.context(contextId), 'template.json'), `${JSON.stringify(sealed, null, 2)}\n`);
    return sealed;
  };

  const resolveFor = (
    template: Template,
    input: Pick<BuildInput, 'variables'>,
    contextId: string | undefined,
    buildId: string,
    timestampMs: number,
  ) =>
    resolve({
      template,
      variables: input.variables,
      files: filesOf(contextId),
      frozen: { buildId, timestampMs },
      defaults: { timeoutMs: parts.defaultTimeoutMs },
      at,
    });

  return {
    check: async (asked) => {
      const {
        document,
        version,
        contextId = asked.contextId,
      }: Found = typeof asked.template === 'string' ? await find(asked.template) : { document: asked.template };
      await turn();
      const id = ids.id();
      const template = parseTemplate(document, at.template);
      const spec = await resolveFor(template, asked, contextId, id, clock.now());
      const refused = under('/template', await hypervisor.refuse(shapeOf(spec), parts.signal));
      if (refused.length > 0)
        throw new Fault('template_invalid', 'The template asks for what the hypervisor of this host cannot do.', {
          errors: refused,
        });
      const demand = demandOf(spec, parts.textsMb);
      const never = tooMuch(demand, await parts.whole());
      if (never.length > 0)
        throw new Fault('never_fits', 'The build asks for more than this host could ever give.', { errors: never });
      const isOwn = typeof asked.template !== 'string';
      return {
        id,
        template: isOwn ? await seal(document, asked.contextId, id) : document,
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
        notes: spec.notes,
        sensitive: Object.entries(template.variables).flatMap(([name, { sensitive }]) => (sensitive ? [name] : [])),
      };
    },
    checkTemplate: async (document, contextId) => {
      await turn();
      const template = parseTemplate(document);
      await checkTemplate(template, filesOf(contextId));
      // The same document is to be the same version again, so its hashes must not differ from one time to another.
      return seal(document, contextId, `template ${template.name}`);
    },
    resolveClaim: ({ build, input }) =>
      resolveFor(parseTemplate(input.template), input, build.contextId, build.id, build.createdAt),
  };
};
