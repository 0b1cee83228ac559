import { Fault, type FieldError } from '../../base/fault.ts';
import type { DeclaredVariable } from '../../base/records/declared-variable.ts';
import { isHclTemplate, isPackerJson } from '../../packer/template-form.ts';
import { readContextVariables } from '../../packer/hcl/read-context.ts';
import { parseTemplate } from '../../template/document/template.ts';
import { isSensitive } from '../../template/document/variables.ts';
import { judgeAll, judging, machinesOf, type MachinesReading } from './machines-asked.ts';
import type { TemplateAsked } from './template-asked.ts';

/** What a template leaves to its builds. */
export type Declared = {
  readonly variables: readonly DeclaredVariable[];
  /** With the values that were given; empty where they cannot be told with these. */
  readonly machines: readonly string[];
  /** Whether other values may give other machines. */
  readonly areMachinesByValues: boolean;
  /** Why the machines cannot be told. */
  readonly errors?: readonly FieldError[];
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

/** The machines of a template in HCL2, which is worked out with the values: with too few or wrong ones they are not known. */
const machinesWith = async (
  template: Pick<TemplateAsked, 'document' | 'bases'>,
  at: string,
  { options, ...reading }: MachinesReading,
): Promise<Pick<Declared, 'machines' | 'errors'>> => {
  try {
    // Their names alone: what is wrong with one machine is told to who builds it.
    const machines = await machinesOf(template, at, { ...reading, options: { ...options, isAsked: () => false } });
    return { machines: machines.map(({ name }) => name) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { message, facts } = error;
    return { machines: [], errors: facts.errors ?? [{ pointer: at, message }] };
  }
};

/**
 * The variables of a template and its machines, whatever form it has. Of a variable that several machines have, the first tells.
 * Throws `template_invalid`.
 */
export const declaredBy = async (
  template: Pick<TemplateAsked, 'document' | 'bases'>,
  at: string,
  reading: MachinesReading,
): Promise<Declared> => {
  const { folder, options } = reading;
  if (folder !== undefined && isHclTemplate(template.document)) {
    const { timestampMs: frozenMs, buildId: seed } = options.frozen;
    const variables = await readContextVariables(folder, { frozenMs, seed });
    return { variables, ...(await machinesWith(template, at, reading)), areMachinesByValues: true };
  }
  const machines = await machinesOf(template, at, reading);
  const each = await judgeAll(machines, (machine) => judging(machine, at, async () => variablesOf(machine.document)));
  const byName = new Map(each.flat().toReversed().map((one) => [one.name, one])); // prettier-ignore
  const variables = [...byName.values()].toReversed();
  return {
    variables,
    machines: machines.map(({ name }) => name),
    areMachinesByValues: isPackerJson(template.document),
  };
};
