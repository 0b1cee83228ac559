import { ifThere } from './answers.ts';
import type { Host } from './types.ts';
import { statementsOf, type Statement } from './vm-conf-words.ts';

export type VmInterface = { readonly isLocal: boolean; readonly group: string | undefined };

/** A `vm` block of vm.conf(5), as far as it matters for making instances of it. */
export type VmBlock = {
  readonly name: string;
  readonly isDisabled: boolean;
  /** As it is written: `user`, `user:group` or `:group`. */
  readonly owner: string | undefined;
  readonly hasDevice: boolean;
  readonly interfaces: readonly VmInterface[];
  /** The words of `allow instance`, and the owner inside it; undefined without such a statement. */
  readonly allow: { readonly words: readonly string[]; readonly owner: string | undefined } | undefined;
};

const mostIncludes = 10;

/** The text with its includes in their places and its macros filled in. */
const expanded = async (
  host: Host,
  path: string,
  macros = new Map<string, string>(),
  depth = 0,
): Promise<string | undefined> => {
  const text = await ifThere(host.read(path));
  if (text === undefined || depth > mostIncludes) return text;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const [, include] = /^\s*include\s+["']([^"']+)["']/.exec(line) ?? [];
    if (include !== undefined) {
      lines.push((await expanded(host, include, macros, depth + 1)) ?? '');
      continue;
    }
    const filled = line.replaceAll(/\$(\w+)/g, (whole, name: string) => macros.get(name) ?? whole);
    const [, name, quoted, bare] = /^\s*(\w+)\s*=\s*(?:["']([^"']*)["']|(\S+))/.exec(filled) ?? [];
    if (name === undefined) lines.push(filled);
    else macros.set(name, quoted ?? bare ?? '');
  }
  return lines.join('\n');
};

const ownerOf = (statements: readonly Statement[]): string | undefined =>
  // vmd keeps the last that it reads.
  statements.findLast(({ words }) => words[0] === 'owner')?.words[1];

/** What follows the word, in the statement itself or in the braces after it: both `{ group g }` and `group g` are good. */
const optionOf = ({ words, block = [] }: Statement, option: string): string | undefined => {
  const inner = block.find((statement) => statement.words[0] === option);
  return inner ? inner.words[1] : words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
};

const vmOf = (name: string, block: readonly Statement[]): VmBlock => {
  const first = (...start: readonly string[]) =>
    block.filter(({ words }) => start.every((word, at) => words[at] === word));
  const interfaces = [...first('interface'), ...first('local', 'interface')].map((statement) => ({
    isLocal: statement.words[0] === 'local',
    group: optionOf(statement, 'group'),
  }));
  const allow = first('allow', 'instance').flatMap(({ words, block: inner }) => inner ?? [{ words: words.slice(2) }]);
  const switched = block.map(({ words }) => words[0]).filter((word) => word === 'enable' || word === 'disable');
  return {
    name,
    isDisabled: switched.at(-1) === 'disable',
    owner: ownerOf(block),
    // `boot device` says what is booted from, and is none itself.
    hasDevice: [...first('disk'), ...first('cdrom'), ...first('boot')].some(({ words }) => words[1] !== 'device'),
    interfaces,
    allow: allow.length === 0 ? undefined : { words: allow.map(({ words }) => words[0] ?? ''), owner: ownerOf(allow) },
  };
};

/**
 * The `vm` blocks of the host's vm.conf(5); undefined when it has none. Grammar: vmd's parse.y, with its macros,
 * includes and comments. Throws EACCES where this user may not read it.
 */
export const readVmConf = async (host: Host): Promise<readonly VmBlock[] | undefined> => {
  const text = await expanded(host, '/etc/vm.conf');
  return text === undefined ? undefined : vmsOf(text);
};

const vmsOf = (text: string): readonly VmBlock[] =>
  statementsOf(text).flatMap(({ words: [word, name], block }) =>
    word === 'vm' && name !== undefined && block !== undefined ? [vmOf(name, block)] : [],
  );
