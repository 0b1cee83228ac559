import { fieldErrors } from '../../base/field-errors.ts';
import type { FileRoots } from '../../context/files.ts';
import { makeSpec } from './make-spec.ts';
import type { Template } from '../document/template.ts';

/**
 * Judges a template before its variables are sent: everything but what depends on a variable that has no default.
 * Throws `template_invalid` as `resolve` does; `at` is where the template stands in what the client sent.
 */
export const checkTemplate = async (template: Template, files: FileRoots, at = ''): Promise<void> => {
  const all = fieldErrors();
  // What these stand for differs from build to build, and only texts are made of them.
  const frozen = { buildId: '00000000000000000000000000', timestampMs: 0 };
  const hostSecrets = new Map();
  await makeSpec({
    template,
    sent: undefined,
    hostSecrets,
    files,
    frozen,
    timeoutMs: 1,
    all,
    at: { template: at, variables: at },
  });
  if (!all.isEmpty()) throw all.fault('template_invalid', 'The template is wrong');
};
