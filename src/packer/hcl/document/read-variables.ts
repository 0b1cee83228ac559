import { makeNotes } from '../../../base/notes.ts';
import type { DeclaredVariable } from '../../../base/records/declared-variable.ts';
import { VariableValue, type VariableType } from '../../../base/records/variable-value.ts';
import { makePause } from '../../../base/turns.ts';
import type { World } from '../evaluate/scope.ts';
import { isValuesFile } from '../file-names.ts';
import { makeProblems } from '../hcl-error.ts';
import { pointerAt, type HclSource } from '../source.ts';
import type { Allowance } from '../syntax/cursor.ts';
import { makeBudget } from '../values/budget.ts';
import { toPlain } from '../values/plain.ts';
import type { Type } from '../values/type.ts';
import { judgeSizes, parseAll, type Given } from './read-files.ts';
import { sortBlocks } from './top-level.ts';
import { declareVariables, type Variable } from './variables.ts';

/** What a type of HCL2 is among those of imaged: a text where it may be anything. */
const typeNames: Readonly<Record<Type['kind'], VariableType>> = {
  any: 'string',
  string: 'string',
  number: 'number',
  bool: 'bool',
  list: 'list',
  set: 'list',
  tuple: 'list',
  map: 'map',
  object: 'map',
};

const shown = (variable: Variable, { budget }: World): DeclaredVariable => {
  const { name, at, type, byDefault, isSensitive, description } = variable;
  // One that is deeper than a value of imaged is told of by its type alone.
  const { data } = VariableValue.safeParse(byDefault === undefined ? undefined : toPlain(byDefault, at, budget));
  return {
    ...{ name, type: typeNames[type.kind], required: byDefault === undefined, sensitive: isSensitive },
    ...(data === undefined || isSensitive ? {} : { default: data }),
    ...(description === undefined ? {} : { description }),
  };
};

/** The variables that the files declare: as `readHclVariables`, which loads this when it is first needed. */
export const readVariables = async (
  files: readonly HclSource[],
  { frozenMs, seed, folder }: Pick<Given, 'frozenMs' | 'seed' | 'folder'>,
): Promise<readonly DeclaredVariable[]> => {
  judgeSizes(files);
  const [problems, notes] = [makeProblems(), makeNotes('')];
  const allowance: Allowance = { parts: 0 };
  const templates = files.filter(({ name }) => !isValuesFile(name));
  const bodies = await parseAll(templates, allowance, problems, makePause());
  problems.refuse();
  const world: World = { budget: makeBudget(), allowance, frozenMs, seed, folder };
  const blocks = sortBlocks(bodies, problems);
  const declared = declareVariables(blocks, world, problems, (at, message) => notes.add(pointerAt(at), message));
  problems.refuse();
  return [...declared.values()].map((variable) => shown(variable, world));
};
