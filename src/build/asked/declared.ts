import { Fault } from '../../base/fault.ts';
import type { DeclaredVariable } from '../../base/records/declared-variable.ts';
import { isHclTemplate } from '../../packer/template-form.ts';
import { readContextVariables } from '../../packer/hcl/read-context.ts';
import { parseTemplate } from '../../template/document/template.ts';
import { isSensitive } from '../../template/document/variables.ts';
import { judgeAll, judging, machinesOf, type Reading } from './machines-asked.ts';
import type { TemplateAsked } from './template-asked.ts';

/** What a template leaves to its builds. */
export type Declared = {
  readonly variables: readonly DeclaredVariable[];
  /** Empty where they depend on the values of the variables. */
  readonly machines: readonly string[];
};

const variablesOf = (document: unknown): readonly DeclaredVariable[] =>
  Object.entries(parseTemplate(document).variables).map(([name, variable]) => {
    const { type, default: value, required, description, choices, pattern, secret } = variable;
    const sensitive = isSensitive(variable);
    return {
      ...{ name, type, required, sensitive },
      ...(value === undefined || sensitive ? {} : { default: value }),
      ...(description === undefined ? {} : { description }),
      ...(choices === undefined ? {} : { choices }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(secret === undefined ? {} : { secret }),
    };
  });

/** A template in HCL2 is worked out with the values: without them its machines may not be known. */
const machinesOrNone = async (...asked: Parameters<typeof machinesOf>) => {
  try {
    return await machinesOf(...asked);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
};

/**
 * The variables of a template and its machines, whatever form it has. Of a variable that several machines have, the first tells.
 * Throws `template_invalid`.
 */
export const declaredBy = async (
  template: Pick<TemplateAsked, 'document' | 'bases'>,
  at: string,
  reading: Reading,
): Promise<Declared> => {
  const { folder, options } = reading;
  if (folder !== undefined && isHclTemplate(template.document)) {
    const { timestampMs: frozenMs, buildId: seed } = options.frozen;
    const variables = await readContextVariables(folder, { frozenMs, seed });
    return { variables, machines: (await machinesOrNone(template, at, reading)).map(({ name }) => name) };
  }
  const machines = await machinesOf(template, at, reading);
  const each = await judgeAll(machines, (machine) => judging(machine, at, async () => variablesOf(machine.document)));
  const byName = new Map(each.flat().toReversed().map((one) => [one.name, one])); // prettier-ignore
  return { variables: [...byName.values()].toReversed(), machines: machines.map(({ name }) => name) };
};
