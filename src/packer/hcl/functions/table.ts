import { collections } from './collections.ts';
import { crypto } from './crypto.ts';
import { dates } from './dates.ts';
import { encoding } from './encoding.ts';
import { files } from './files.ts';
import type { FunctionTable, HclFunction } from './kind.ts';
import { networks } from './networks.ts';
import { numbers } from './numbers.ts';
import { patterns } from './patterns.ts';
import { sets } from './sets.ts';
import { strings } from './strings.ts';

/** All functions that are called with values, by what they are about. */
export const functionGroups = {
  strings,
  patterns,
  collections,
  sets,
  numbers,
  encoding,
  files,
  dates,
  crypto,
  networks,
} as const satisfies Record<string, FunctionTable>;

export const functions: FunctionTable = Object.fromEntries(
  Object.values(functionGroups).flatMap((group) => Object.entries<HclFunction>(group)),
);

/** Those that are called with expressions, which they work out themselves: `call.ts` has them. */
export const specialNames = ['can', 'convert', 'templatefile', 'try'] as const;
