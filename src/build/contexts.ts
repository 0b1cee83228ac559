import { stat, readdir, readFile, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrno, unlessErrno } from '../base/errno.ts';
import { asFault, Fault } from '../base/fault.ts';
import { withPlaces } from '../base/field-errors.ts';
import type { Ids } from '../base/ids.ts';
import { quoted } from '../base/text/nearest.ts';
import { readDocument } from '../base/document/document.ts';
import type { DocumentSource } from '../base/document/source.ts';
import { unpackContext } from '../context/context.ts';
import { hclFilesIn } from '../packer/hcl/read-context.ts';
import { hclTemplate } from '../packer/template-form.ts';
import type { Folders } from './folders/folders.ts';
import { behindFolders } from './folders/own-folders.ts';

type TemplateFile = keyof typeof templateForms;

/** A context that was received. */
export type Received = {
  /** The name of its folder. */
  readonly contextId: string;
  /** What its template says, and the file that it is: template.json, template.yaml, template.yml, or one in HCL2. */
  readonly template: unknown;
  readonly templateFile: string;
  /** What its variables.json says, if there is one. The file is in no context that is kept: its values are secrets. */
  readonly variables?: { readonly file: `${string}.json`; readonly values: unknown };
  /** The texts of both, by file: for the places of what is wrong in them. */
  readonly sources: Readonly<Record<string, DocumentSource>>;
  /** Of all its files. */
  readonly digest: string;
};

const templateForms = { 'template.json': 'JSON', 'template.yaml': 'YAML', 'template.yml': 'YAML' } as const;
const variablesName = 'variables.json';

export type Contexts = {
  /**
   * Unpacks an archive into a new context; one that `lasts` is on the disk then. Throws `context_invalid`, `too_large`, `storage_full`;
   * then nothing is left.
   */
  readonly receive: (
    body: Readable,
    about: { readonly encoding: 'identity' | 'gzip' | 'zstd'; readonly lasts: boolean },
    signal: AbortSignal,
  ) => Promise<Received>;
  /** Deletes a context that nothing refers to. */
  readonly drop: (contextId: string) => Promise<void>;
};

const isTemplateFile = (name: string): name is TemplateFile => Object.hasOwn(templateForms, name);

/** The file of a context that is its template. Throws `context_invalid` where there is none, or more than one. */
export const templateFileIn = async (folder: string): Promise<TemplateFile> => {
  const all = await readdir(folder);
  const [found, another] = all.filter(isTemplateFile);
  const names = `${Object.keys(templateForms).join(', ')}, or *.pkr.hcl and *.pkr.json`;
  if (found === undefined) {
    const other = all.sort().find((name) => name !== variablesName && /\.(?:json|ya?ml)$/i.test(name));
    const hint =
      other === undefined
        ? 'Pack it with: tar -C FOLDER -cf - .'
        : `It has ${quoted(other)}: if that is the template, call it template${extname(other).toLowerCase()}.`;
    throw new Fault('context_invalid', `The context has no template at its top (${names}). ${hint}`);
  }
  if (another !== undefined)
    throw new Fault('context_invalid', `The context has both ${found} and ${another}: keep one of ${names}.`);
  return found;
};

type Read = { readonly value: unknown; readonly source: DocumentSource };

const parse = async (path: string, about: Pick<DocumentSource, 'form' | 'mostBytes'>): Promise<Read> => {
  const file = basename(path);
  const name = `${file} of the context`;
  // What was too large was refused before it was unpacked.
  const bytes = await readFile(path).catch((error: unknown) => {
    throw isErrno(error, 'EISDIR') ? new Fault('context_invalid', `${name} is a folder.`, {}, { cause: error }) : error;
  });
  const source = { ...about, bytes, name, code: 'context_invalid' } as const;
  const value = await readDocument(source).catch((error: unknown) => {
    throw withPlaces(error, (pointer) => `${file}:${pointer}`);
  });
  if (value === undefined) throw new Fault('context_invalid', `${name} is empty.`);
  return { value, source };
};

/** The template of a context; one in HCL2 is worked out when its variables are known. */
const readTemplate = async (folder: string, mostBytes: number) => {
  const [hcl, ...others] = hclFilesIn(folder);
  const hasOwn = (await readdir(folder)).some(isTemplateFile);
  if (hcl !== undefined && !hasOwn)
    return { templateFile: others.length === 0 ? hcl : '*.pkr.{hcl,json}', value: hclTemplate, sources: {} };
  const templateFile = await templateFileIn(folder);
  const { value, source } = await parse(join(folder, templateFile), { form: templateForms[templateFile], mostBytes });
  return { templateFile, value, sources: { [templateFile]: source } };
};

const takeVariables = async (folder: string, mostBytes: number): Promise<Read | undefined> => {
  const path = join(folder, variablesName);
  const stats = await unlessErrno(stat(path), 'ENOENT');
  if (stats?.isFile() !== true) return undefined;
  const read = await parse(path, { form: 'JSON', mostBytes });
  await rm(path);
  return read;
};

/** Keeps the archives that clients send, each unpacked in a folder of its own. */
export const makeContexts = (
  folders: Folders,
  ids: Ids,
  limits: { readonly files: number; readonly bytes: number; readonly templateBytes: number },
): Contexts => {
  const drop = (contextId: string) => rm(folders.context(contextId), { recursive: true, force: true });
  return {
    drop,
    receive: async (body, about, signal) => {
      const contextId = ids.id();
      const folder = folders.context(contextId);
      const { digest } = await unpackContext({
        ...{ body, folder, ...about },
        limits: {
          ...limits,
          fileBytes: Object.fromEntries(
            [...Object.keys(templateForms), variablesName].map((name) => [name, limits.templateBytes]),
          ),
        },
        signal,
      }).catch(async (error: unknown) => {
        throw await behindFolders(asFault(error), folders.own, []);
      });
      try {
        const { templateBytes: mostBytes } = limits;
        const variables = await takeVariables(folder, mostBytes);
        const { templateFile, value, sources } = await readTemplate(folder, mostBytes);
        return {
          ...{ contextId, digest, templateFile, template: value },
          ...(variables === undefined ? {} : { variables: { file: variablesName, values: variables.value } }),
          sources: {
            ...sources,
            ...(variables === undefined ? {} : { [variablesName]: variables.source }),
          },
        };
      } catch (error) {
        await drop(contextId);
        throw error;
      }
    },
  };
};
