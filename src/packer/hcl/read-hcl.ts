import type { DeclaredVariable } from '../../base/records/declared-variable.ts';
import type { Given, HclTemplate } from './document/read-files.ts';
import type { HclSource } from './source.ts';

/**
 * Reads a template in Packer's HCL2 and works it out, as what Packer's JSON would say. Files whose names end in `.json` are in
 * HCL's JSON syntax. Those that end in `.pkrvars.hcl` or `.pkrvars.json` hold values of variables: those of `.auto.` in the order
 * of their names, then the others in the order given, and those in JSON after all others.
 *
 * Throws `template_invalid` with a field error for each place that is wrong: file, line, column, and the line.
 */
export const readHcl = async (files: readonly HclSource[], given: Given): Promise<HclTemplate> => {
  // A daemon that gets no HCL does not pay for what reads it.
  const { readFiles } = await import('./document/read-files.ts');
  return readFiles(files, given);
};

/** The variables that the files declare, in their order. Throws as `readHcl`. */
export const readHclVariables = async (
  files: readonly HclSource[],
  given: Pick<Given, 'frozenMs' | 'seed' | 'folder'>,
): Promise<readonly DeclaredVariable[]> => {
  const { readVariables } = await import('./document/read-variables.ts');
  return readVariables(files, given);
};
