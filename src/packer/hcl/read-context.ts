import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hclBounds } from '../../base/bounds.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import type { DeclaredVariable } from '../../base/records/declared-variable.ts';
import { visible } from '../../base/text/visible.ts';
import { insideOf } from '../../context/files.ts';
import type { Given, HclTemplate } from './document/read-files.ts';
import type { ContextFolder } from './evaluate/scope.ts';
import { isAutoValuesFile, isJsonFile, isTemplateFile, isValuesFile } from './file-names.ts';
import { refuseFiles } from './hcl-error.ts';
import { readHcl, readHclVariables } from './read-hcl.ts';
import type { HclSource } from './source.ts';

// At once, not by promises: expressions are worked out at once, and the files are small and were just written.
const contextFolder = (root: string): ContextFolder => {
  const fileAt = (path: string): string | undefined => {
    const real = insideOf(root, path);
    return real !== undefined && statSync(real).isFile() ? real : undefined;
  };
  return {
    has: (path) => fileAt(path) !== undefined,
    read: (path) => {
      const real = fileAt(path);
      if (real === undefined) throw new ParseError(`there is no file ${quoted(path)} in the context`);
      const { size } = statSync(real);
      if (size > hclBounds.textCharacters)
        throw new ParseError(`${quoted(path)} has ${size} bytes: ${hclBounds.textCharacters} is the most that is read into a template`); // prettier-ignore
      return readFileSync(real);
    },
    list: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        .sort(),
  };
};

const textOf = (name: string, path: string): string => {
  const { size } = statSync(path);
  if (size > hclBounds.fileBytes)
    return refuseFiles(`${visible(name)} has ${size} bytes: ${hclBounds.fileBytes} is the most of an HCL file.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch {
    return refuseFiles(`${visible(name)} is not UTF-8.`);
  }
};

/** The files at the top of a context's folder that make it a template in HCL2: `*.pkr.hcl`, then `*.pkr.json`, as Packer reads them. */
export const hclFilesIn = (folder: string): readonly string[] => {
  const names = readdirSync(folder).filter(isTemplateFile).sort();
  return [...names.filter((name) => !isJsonFile(name)), ...names.filter(isJsonFile)];
};

/** The files that Packer reads of a folder, and those that are named besides. Throws `template_invalid`. */
const sourcesIn = (folder: string, variableFiles: readonly string[] = []): readonly HclSource[] => {
  const templates = hclFilesIn(folder);
  const values = readdirSync(folder).filter(isAutoValuesFile).sort();
  const own = [...templates, ...values];
  if (own.length > hclBounds.files) refuseFiles(`There are ${own.length} HCL files: ${hclBounds.files} is the most.`);
  if (templates.length === 0)
    return refuseFiles('The context has no file *.pkr.hcl or *.pkr.json at its top: send the folder of the template itself.'); // prettier-ignore
  const wanted = variableFiles.filter((name) => !own.includes(name));
  const other = wanted.find((name) => !isValuesFile(name));
  if (other !== undefined)
    return refuseFiles(`${quoted(other)} is no file of values: their names end in ".pkrvars.hcl" or ".pkrvars.json".`);
  return [...own, ...wanted].map((name): HclSource => {
    const path = insideOf(folder, name);
    if (path === undefined || !statSync(path).isFile())
      return refuseFiles(`There is no file ${quoted(name)} in the context.`);
    return { name, text: textOf(name, path) };
  });
};

/**
 * Reads the template of a context's folder, as Packer reads a folder: all `*.pkr.hcl` and `*.pkr.json` at its top, and all
 * `*.auto.pkrvars.hcl` and `.json`, then the `variableFiles` that a request names, in its order. Throws `template_invalid`.
 */
export const readHclContext = async (
  folder: string,
  { variableFiles, ...others }: Omit<Given, 'folder'> & { readonly variableFiles?: readonly string[] },
): Promise<HclTemplate> => readHcl(sourcesIn(folder, variableFiles), { ...others, folder: contextFolder(folder) });

/** The variables that the template of a context's folder declares. Throws `template_invalid`. */
export const readContextVariables = async (
  folder: string,
  given: Pick<Given, 'frozenMs' | 'seed'>,
): Promise<readonly DeclaredVariable[]> =>
  readHclVariables(sourcesIn(folder), { ...given, folder: contextFolder(folder) });
