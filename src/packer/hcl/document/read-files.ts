import { hclBounds } from '../../../base/bounds.ts';
import { makeNotes, type Note, type Notes } from '../../../base/notes.ts';
import { makePause, type TurnPause } from '../../../base/turns.ts';
import { visible } from '../../../base/text/visible.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import type { ContextFolder, World } from '../evaluate/scope.ts';
import { isAutoValuesFile, isJsonFile, isValuesFile } from '../file-names.ts';
import { makeProblems, refuseFiles, type Problems } from '../hcl-error.ts';
import { placeOf, pointerAt, type At, type HclPlace, type HclSource } from '../source.ts';
import type { HclBody } from '../syntax/ast.ts';
import type { Allowance } from '../syntax/cursor.ts';
import { parseFile } from '../syntax/parse.ts';
import { makeBudget } from '../values/budget.ts';
import { readBuild, type BuildBlock } from './builds.ts';
import { chooseBuilders, type BuildChoice } from './choose.ts';
import { textsIn } from './leaves.ts';
import { declareLocals, localsNamespace } from './locals.ts';
import { makeDocument, type Document } from './make-document.ts';
import { judgePacker } from './packer-block.ts';
import { placeFinder } from './placed.ts';
import { rootScope } from './roots.ts';
import { declareSources } from './sources.ts';
import { sortBlocks, type TopLevel } from './top-level.ts';
import { refuseStray, valuesOfFiles, valueVariables } from './variable-values.ts';
import { declareVariables } from './variables.ts';

/** What a request gives beside the files. */
export type Given = BuildChoice & {
  /** Values of variables: above those of files, which are above defaults. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The time that the template sees, in Unix milliseconds. */
  readonly frozenMs: number;
  /** Makes the UUIDs of this template its own. */
  readonly seed: string;
  /** The files that `file` and its like may read; without it there are none. */
  readonly folder?: ContextFolder;
};

/** A template in HCL2 as Packer's JSON has it. */
export type HclTemplate = {
  /** `builders`, `provisioners`, `error-cleanup-provisioner`, `post-processors`: of Packer's JSON, all worked out. */
  readonly document: Document;
  /** Where a pointer into the document leads in the files. */
  readonly at: (pointer: string) => HclPlace | undefined;
  /** The texts of sensitive variables and locals. */
  readonly sensitive: readonly string[];
  readonly notes: readonly Note[];
};

/**
 * Values as Packer takes them (hcl2template/parser.go): those in JSON after the others, and of each those that are read by
 * themselves first, in the order of their names.
 */
const inOrder = (files: readonly HclSource[]): readonly HclSource[] => {
  const of = (those: readonly HclSource[]) => [
    ...those.filter(({ name }) => isAutoValuesFile(name)).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    ...those.filter(({ name }) => !isAutoValuesFile(name)),
  ];
  return [...of(files.filter(({ name }) => !isJsonFile(name))), ...of(files.filter(({ name }) => isJsonFile(name)))];
};

export const parseAll = async (
  files: readonly HclSource[],
  allowance: Allowance,
  problems: Problems,
  pause: TurnPause,
): Promise<readonly HclBody[]> => {
  const bodies: HclBody[] = [];
  for (const file of files) {
    await pause();
    const body = problems.attempt(() => parseFile(file, allowance));
    if (body !== undefined) bodies.push(body);
  }
  return bodies;
};

export const judgeSizes = (files: readonly HclSource[]): void => {
  if (files.length > hclBounds.files)
    refuseFiles(`There are ${files.length} HCL files: ${hclBounds.files} is the most.`);
  let bytes = 0;
  for (const { name, text } of files) {
    const size = Buffer.byteLength(text);
    bytes += size;
    if (size > hclBounds.fileBytes)
      refuseFiles(`${visible(name)} has ${size} bytes: ${hclBounds.fileBytes} is the most of an HCL file.`);
  }
  if (bytes > hclBounds.bytes) refuseFiles(`The HCL files have ${bytes} bytes: ${hclBounds.bytes} is the most.`);
};

const noteAt = (notes: Notes) => (at: At, message: string) => notes.add(pointerAt(at), message);

type Reading = { readonly given: Given; readonly world: World; readonly problems: Problems; readonly notes: Notes };

/** Scope of sources and builds, once variables and locals have values. */
const settle = (blocks: TopLevel, values: readonly HclBody[], { given, world, problems, notes }: Reading) => {
  const variables = declareVariables(blocks, world, problems, noteAt(notes));
  const inFiles = valuesOfFiles(values, variables, problems, ({ at, name }) =>
    noteAt(notes)(at, `no variable is called ${JSON.stringify(name)}`),
  );
  refuseStray(given.variables, variables, problems);
  const found = valueVariables(variables, inFiles, given.variables, world, problems);
  const locals = declareLocals(blocks, world, problems);
  const scope = rootScope(world, found.namespace, (own) => localsNamespace(locals, own));
  const hidden: string[] = [...found.sensitive];
  for (const [name, { at, isSensitive }] of locals)
    problems.attempt(() => {
      const value = evaluate({ kind: 'attribute', at, of: { kind: 'name', at, name: 'local' }, name }, scope);
      if (isSensitive) hidden.push(...textsIn(value));
    });
  return { scope, sensitive: [...new Set(hidden)] };
};

/** Reads and works out the files of a template: as `readHcl`, which loads this when it is first needed. */
export const readFiles = async (files: readonly HclSource[], given: Given): Promise<HclTemplate> => {
  judgeSizes(files);
  const [problems, notes, pause] = [makeProblems(), makeNotes(''), makePause()];
  const allowance: Allowance = { parts: 0 };
  const templates = await parseAll(files.filter(({ name }) => !isValuesFile(name)), allowance, problems, pause); // prettier-ignore
  const values = await parseAll(inOrder(files.filter(({ name }) => isValuesFile(name))), allowance, problems, pause);
  problems.refuse();
  const { frozenMs, seed, folder } = given;
  const world: World = { budget: makeBudget(), allowance, frozenMs, seed, folder };
  const blocks = sortBlocks(templates, problems);
  judgePacker(blocks.packer, world, problems, noteAt(notes));
  const { scope, sensitive } = settle(blocks, values, { given, world, problems, notes });
  const sources = declareSources(blocks.source, problems);
  const builds: BuildBlock[] = [];
  for (const block of blocks.build) {
    await pause();
    builds.push(readBuild(block, sources, scope, problems));
  }
  problems.refuse();
  if (builds.length === 0) return refuseFiles('The HCL files have no build block: it names the sources to build.');
  const chosen = problems.attempt(() => chooseBuilders(builds, given)) ?? [];
  problems.refuse();
  const { document, places } = await makeDocument(builds, { chosen, scope, choice: given, problems, pause });
  problems.refuse();
  const find = placeFinder(places);
  return {
    document,
    at: (pointer) => {
      const at = find(pointer) ?? builds[0]?.block.at;
      return at === undefined ? undefined : placeOf(at);
    },
    sensitive,
    notes: notes.all(),
  };
};
