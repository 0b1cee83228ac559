import { fieldErrors } from '../../base/field-errors.ts';
import type { FileRoots } from '../../context/files.ts';
import type { Frozen } from '../language/functions.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import { makeSpec } from './make-spec.ts';
import type { Template } from '../document/template.ts';
import type { HostSecrets, Spec } from '../spec.ts';

/**
 * A template with its variables filled in, its files found and its defaults made plain. The same ask gives the same
 * spec: at POST, and at each attempt. Throws `template_invalid` with every place that is wrong; `at` says where the
 * template and the variables stand in what the client sent.
 */
export const resolve = async (ask: {
  readonly template: Template;
  readonly variables: VariableValues;
  /** Those that the template names. Default: none. */
  readonly hostSecrets?: HostSecrets;
  readonly files: FileRoots;
  readonly frozen: Frozen;
  readonly defaults: { readonly timeoutMs: number };
  readonly at?: { readonly template: string; readonly variables: string };
}): Promise<Spec> => {
  const {
    template,
    variables: sent,
    hostSecrets = new Map(),
    files,
    frozen,
    defaults,
    at = { template: '', variables: '/variables' },
  } = ask;
  const all = fieldErrors();
  const spec = await makeSpec({ template, sent, hostSecrets, files, frozen, timeoutMs: defaults.timeoutMs, all, at });
  if (!all.isEmpty()) throw all.fault('template_invalid', 'The build cannot be made from this template');
  return spec;
};
