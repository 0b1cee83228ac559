import { bounds } from '../../base/bounds.ts';
import { Fault } from '../../base/fault.ts';
import type { BaseVersion, BuildAsk } from '../../queue/asked.ts';
import type { Store } from '../../queue/store.ts';
import type { BaseTemplate } from '../../template/expand/expand.ts';
import { TemplateReference } from '../../base/records/template-reference.ts';

/** A template as it was asked for, with the stored ones that it is merged over, the nearest first. */
export type TemplateAsked = {
  readonly document: unknown;
  /** Of one that was stored under a name. */
  readonly stored?: BaseVersion;
  /** Where its files are: its own, or those of a template that it extends. */
  readonly contextId?: string;
  readonly bases: readonly (BaseTemplate & BaseVersion)[];
};

type Found = Omit<TemplateAsked, 'bases'> & { readonly stored: BaseVersion };

const wrongAt = (pointer: string, message: string): Fault =>
  new Fault('template_invalid', `The template is wrong: ${pointer}: ${message}.`, { errors: [{ pointer, message }] });

/** The stored template that `name` or `name@version` names at this place of a request. Throws `template_invalid`. */
const findStored = async (store: Pick<Store, 'template'>, named: string, pointer: string): Promise<Found> => {
  const [, name = named, digits] = /^([^@]*)(?:@(\d{1,9}))?$/.exec(named) ?? [];
  const found = await store.template(name, digits === undefined ? undefined : Number(digits));
  if (found === undefined) {
    throw wrongAt(pointer, `there is no template "${named}"; GET /templates lists those there are`);
  }
  return {
    document: found.document,
    stored: { name: found.name, version: found.version },
    ...(found.contextId === undefined ? {} : { contextId: found.contextId }),
  };
};

/** What a document says that it extends. Throws `template_invalid`. */
const extendedBy = (document: unknown, pointer: string): string | undefined => {
  if (typeof document !== 'object' || document === null || !('extends' in document)) return undefined;
  const { success, data } = TemplateReference.safeParse(document.extends);
  if (!success) throw wrongAt(pointer, 'names no template: write name or name@version');
  return data;
};

const namedOf = ({ name, version }: BaseVersion): string => `${name}@${version}`;

/**
 * The templates that a document extends, the nearest first, each in the version that it has now. `at` is where the document
 * stands in the request. Throws `template_invalid` for one that is not there, for a circle, and for too many.
 */
const findBases = async (
  store: Pick<Store, 'template'>,
  first: Omit<TemplateAsked, 'bases'>,
  at: string,
  own: string | undefined,
) => {
  const found: Found[] = [];
  const chain = first.stored ? [namedOf(first.stored)] : [];
  for (let next = extendedBy(first.document, `${at}/extends`); next !== undefined;) {
    // Without a version it is the newest, which is to be this one.
    if (next === own)
      throw wrongAt(`${at}/extends`, `comes back to where it began: ${[own, ...chain, own].join(' extends ')}`);
    const base = await findStored(store, next, `${at}/extends`);
    const named = namedOf(base.stored);
    if (chain.includes(named))
      throw wrongAt(`${at}/extends`, `comes back to where it began: ${[...chain, named].join(' extends ')}`);
    if (found.length === bounds.bases)
      throw wrongAt(
        `${at}/extends`,
        `goes over more than ${bounds.bases} templates: ${[...chain, named].join(' extends ')}`,
      );
    found.push(base);
    chain.push(named);
    next = extendedBy(base.document, `${named}:/extends`);
  }
  return found;
};

/**
 * With the templates that it extends. `own` is the name that it is to be stored under. Throws as `findBases`, and where files
 * come from more than one of them.
 */
export const withBases = async (
  store: Pick<Store, 'template'>,
  first: Omit<TemplateAsked, 'bases'>,
  at: string,
  own?: string,
): Promise<TemplateAsked> => {
  const found = await findBases(store, first, at, own);
  const [contextId, other] = [first, ...found].flatMap((one) => one.contextId ?? []);
  if (other !== undefined)
    throw wrongAt(`${at}/extends`, 'has files beside it, and so has this template: of the two only one may have any');
  return {
    ...first,
    ...(contextId === undefined ? {} : { contextId }),
    bases: found.map(({ document, stored }) => ({ ...stored, named: namedOf(stored), document })),
  };
};

/** The template that is asked for: sent with the request, or stored under its name. */
export const findAsked = async (
  store: Pick<Store, 'template'>,
  { template, contextId }: Pick<BuildAsk, 'template' | 'contextId'>,
  at: string,
): Promise<TemplateAsked> => {
  const sent = { document: template, ...(contextId === undefined ? {} : { contextId }) };
  return withBases(store, typeof template === 'string' ? await findStored(store, template, at) : sent, at);
};
