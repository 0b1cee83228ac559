import { announcement, modeEntry, nameEntry, type Kind } from './cd-records.ts';

/** How a tree of a CD writes its names. */
export type Naming = {
  /** The identifier of what has a place among its like in its folder. */
  readonly identifier: (name: string, kind: Kind, index: number) => Buffer;
  /** What follows the identifier; `self`: of the folder itself, `root`: the same of the root. */
  readonly system: (name: string, kind: Kind) => readonly Buffer[];
  readonly root: readonly Buffer[];
  /** A text in a descriptor, as long as its field. */
  readonly text: (text: string, bytes: number) => Buffer;
  /** The type of its volume descriptor, and its escape sequences (ECMA-119, 8.4 and 8.5). */
  readonly type: 1 | 2;
  readonly escapes: Buffer;
};

const number = (index: number): string => String(index).padStart(4, '0');

/** Names of the old form that every reader takes, and the real ones beside them by Rock Ridge: for Linux and the BSDs. */
export const rockRidge: Naming = {
  // "DIR" comes before "FILE", and numbers go up: identifiers are in the order that ECMA-119, 9.3, asks for.
  identifier: (_, kind, index) => Buffer.from(kind === 'folder' ? `DIR${number(index)}` : `FILE${number(index)}.;1`),
  system: (name, kind) => [modeEntry(kind), ...(name === '' ? [] : [nameEntry(name)])],
  root: [announcement],
  text: (text, bytes) => Buffer.from(text.padEnd(bytes).slice(0, bytes), 'latin1'),
  type: 1,
  escapes: Buffer.alloc(32),
};

const wide = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** Names in UCS-2 (Joliet Specification, level 3): for Windows. */
export const joliet: Naming = {
  identifier: (name, kind) => wide(kind === 'folder' ? name : `${name};1`),
  system: () => [],
  root: [],
  text: (text, bytes) => wide(text.padEnd(bytes >> 1).slice(0, bytes >> 1)),
  type: 2,
  escapes: Buffer.concat([Buffer.from('%/E'), Buffer.alloc(29)]),
};
