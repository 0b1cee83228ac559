import type { Note } from '../../base/notes.ts';
import { Fault, type FieldError } from '../../base/fault.ts';
import type { FileRoots } from '../../context/files.ts';
import type { ContextSources } from '../../context/sources.ts';
import type { Frozen } from '../../template/language/functions.ts';
import { sealDocument, sealVariables } from '../../openbsd/passwords/seal.ts';
import type { BaseVersion, BuildAsk, BuildAsked, BuildInput, CheckedBuild, Demand } from '../../queue/asked.ts';
import type { SecretUser } from '../../queue/rules/may-use.ts';
import { isSensitive } from '../../template/document/variables.ts';
import { hostSecretsOf, type Using } from './host-secrets.ts';
import { parseTemplate, type Template } from '../../template/document/template.ts';
import type { Expanded } from '../../template/expand/expand.ts';
import { demandOf, shapeOf } from '../../template/resolve/demand.ts';
import { asWritten } from '../../template/resolve/machine.ts';
import { resolve } from '../../template/resolve/resolve.ts';
import { shownTexts } from '../../template/resolve/shown-texts.ts';
import type { Spec } from '../../template/spec.ts';
import type { AdmissionParts } from '../admission.ts';
import { sourcesOf, type RecordedSources } from '../files/sources.ts';
import { recipeFor } from '../recipe.ts';
import { beganWithOf } from './began-with.ts';
import { inputsOf } from './inputs.ts';
import { placedAt, requestPlace } from './machines-asked.ts';
import type { TemplateAsked } from './template-asked.ts';
import { webhooksOf } from './webhooks.ts';

const under = (prefix: string, fieldErrors: readonly FieldError[]): FieldError[] =>
  fieldErrors.map(({ pointer, message }) => ({ pointer: `${prefix}${pointer}`, message }));

/** Where the template and the variables stand in what a client sends. */
export const at = { template: '/template', variables: '/variables' };

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
export const filesOf = (
  { folders, media, host }: AdmissionParts,
  contextId: string | undefined,
  sources: ContextSources | undefined,
): FileRoots => ({
  ...(contextId === undefined ? {} : { context: folders.context(contextId) }),
  media: media(),
  ...(sources === undefined ? {} : { sources }),
  ...(host === undefined ? {} : { host: host() }),
});

/** The names of the variables whose values are never shown. */
const sensitiveIn = ({ variables }: Template): readonly string[] =>
  Object.entries(variables).flatMap(([name, declared]) => (isSensitive(declared) ? [name] : []));

/** The spec of a build. `recorded`: what it names by `latest`, which is filled where it is empty. Throws `template_invalid`. */
export const resolveFor = async (
  parts: AdmissionParts,
  template: Template,
  using: Using,
  input: Pick<BuildInput, 'variables'>,
  contextId: string | undefined,
  frozen: Frozen,
  recorded: RecordedSources,
  instance?: string,
) =>
  resolve({
    template,
    variables: input.variables,
    hostSecrets: await hostSecretsOf(parts.store, template, using, at.template),
    files: filesOf(parts, contextId, parts.sources && sourcesOf({ ...parts, ...parts.sources }, recorded)),
    frozen,
    ...(instance === undefined ? {} : { instance }),
    defaults: { timeoutMs: parts.defaultTimeoutMs },
    at,
  });

/** The same password gives the same hash in every build of a template: else no two of them had the same input. */
const sealSeed = (name: string): string => `template ${name}`;

const userOf = ({ labels, requestedBy }: BuildAsk, stored: TemplateAsked['stored']): SecretUser => ({
  labels,
  ...(stored === undefined ? {} : { template: stored.name }),
  ...(requestedBy === undefined ? {} : { token: requestedBy }),
});

/** One machine of a template as a build of its own. `recorded`: the builds that it begins with, where they are known. Throws `template_invalid` and `never_fits`. */
export const judgeMachine = async (
  parts: AdmissionParts,
  asked: BuildAsk,
  {
    stored,
    contextId,
    bases,
  }: Pick<TemplateAsked, 'stored' | 'contextId'> & { readonly bases: readonly BaseVersion[] },
  machine: Expanded,
  as: Pick<BuildAsked, 'runId' | 'machine' | 'retryOf' | 'rebuildOf'>,
  recorded: RecordedSources = new Map(),
): Promise<CheckedBuild> => {
  const id = parts.ids.id();
  const { variables = asked.variables } = machine;
  const template = parseTemplate(machine.document, at.template, variables);
  const frozen = { buildId: id, timestampMs: parts.clock.now() };
  const spec = await resolveFor(
    parts,
    template,
    { when: 'asked', user: userOf(asked, stored) },
    { variables },
    contextId,
    frozen,
    recorded,
  );
  const notify = webhooksOf(spec, asked, parts.webhooks);
  const demand = await checkedDemand(template, spec, parts);
  const notes: readonly Note[] = [
    ...machine.notes.map(({ pointer, message }) => ({ pointer: placedAt(at.template, pointer), message })),
    ...spec.notes.map(({ pointer, message }) => ({
      pointer: requestPlace(pointer, at.template, machine.pointerOf),
      message,
    })),
  ];
  const sensitive = sensitiveIn(template);
  const inputs = inputsOf(spec, contextId === undefined ? undefined : parts.folders.context(contextId));
  return {
    ...{ id, ...as, demand, plan: recipeFor(spec).steps, http: shownTexts(spec), sensitive },
    template: await sealDocument(machine.document, sealSeed(spec.name)),
    templateName: machine.template ?? spec.name,
    ...(stored === undefined ? {} : { templateVersion: stored.version }),
    bases: Object.fromEntries(recorded),
    ...(bases.length === 0 ? {} : { extended: bases.map(({ name, version }) => ({ name, version })) }),
    variables: await sealVariables(machine.document, variables, sealSeed(spec.name)),
    ...{ labels: asked.labels, priority: asked.priority, onError: asked.onError },
    ...(asked.debug === undefined ? {} : { debug: asked.debug }),
    ...(asked.cache === undefined ? {} : { cache: asked.cache }),
    ...(asked.force === undefined ? {} : { force: asked.force }),
    timeoutMs: asked.timeoutMs ?? spec.timeoutMs,
    ...(contextId === undefined ? {} : { contextId }),
    ...(notify.length === 0 ? {} : { notify }),
    beganWith: await beganWithOf(spec, inputs, { stored, sensitive, variables }, parts.uploadDigest),
    ...{ inputs, notes },
  };
};
