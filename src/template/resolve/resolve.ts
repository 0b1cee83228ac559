import { fieldErrors, withWords } from '../../base/field-errors.ts';
import type { FileRoots } from '../../context/files.ts';
import type { Frozen } from '../language/functions.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import { maskCutTexts } from '../../base/mask/mask.ts';
import { makeSpec } from './make-spec.ts';
import type { Template } from '../document/template.ts';
import type { HostSecrets, Spec } from '../spec.ts';

/**
 * A template with its variables filled in, its files found and its defaults made plain. The same ask gives the same
 * spec: at POST, and at each attempt. Throws `template_invalid` with every place that is wrong; `at` says where the
 * template and the variables stand in what the client sent. No message shows a sensitive value.
 */
export const resolve = async (ask: {
  readonly template: Template;
  readonly variables: VariableValues;
  /** Those that the template names. Default: none. */
  readonly hostSecrets?: HostSecrets;
  readonly files: FileRoots;
  readonly frozen: Frozen;
  /** What cloud-init takes this machine for; undefined: one of this build alone. */
  readonly instance?: string;
  readonly defaults: { readonly timeoutMs: number };
  readonly at?: { readonly template: string; readonly variables: string };
}): Promise<Spec> => {
  const {
    template,
    variables: sent,
    hostSecrets = new Map(),
    files,
    frozen,
    instance,
    defaults,
    at = { template: '', variables: '/variables' },
  } = ask;
  const all = fieldErrors();
  const spec = await makeSpec({
    ...{ template, sent, hostSecrets, files, frozen, all, at },
    ...(instance === undefined ? {} : { instance }),
    timeoutMs: defaults.timeoutMs,
  });
  // A field error may quote what was filled in: a client must not learn a secret of the host from it.
  if (!all.isEmpty())
    throw withWords(
      all.fault('template_invalid', 'The build cannot be made from this template'),
      maskCutTexts(spec.secrets),
    );
  return spec;
};
