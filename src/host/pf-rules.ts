import { ifReadable } from './answers.ts';
import { ifInstalled } from './ask-program.ts';
import type { Host } from './types.ts';

/** A rule of pf.conf(5) that rewrites addresses. */
export type PfRule = {
  readonly text: string;
  /** What follows `to`; undefined when the rule takes any destination. */
  readonly to: string | undefined;
  /** The destination's port. */
  readonly port: string | undefined;
  readonly isNat: boolean;
  readonly rdr: { readonly to: string; readonly port: string | undefined; readonly keepsHost: boolean } | undefined;
};

const mostIncludes = 10;

/** The lines of a pf.conf with those it includes: comments gone, continued lines joined, macros filled in. */
const linesOf = async (
  host: Host,
  path: string,
  macros: Map<string, string>,
  depth = 0,
): Promise<readonly string[] | undefined> => {
  const text = await ifReadable(host, path);
  if (text === undefined) return undefined;
  const lines: string[] = [];
  for (const raw of text.replaceAll(/\\\n/g, ' ').split('\n')) {
    const line = raw.replace(/#.*/, '').trim();
    const [, include] = /^include\s+"([^"]+)"/.exec(line) ?? [];
    const [, name, value] = /^(\w+)\s*=\s*(.+)$/.exec(line) ?? [];
    const filled = (part: string) =>
      part.replaceAll('"', '').replaceAll(/\$(\w+)/g, (whole, macro: string) => macros.get(macro) ?? whole);
    if (include !== undefined && depth < mostIncludes) {
      const included = await linesOf(host, include, macros, depth + 1);
      if (included === undefined) return undefined;
      lines.push(...included);
    } else if (name !== undefined && value !== undefined) macros.set(name, filled(value).trim());
    else if (line !== '') lines.push(filled(line));
  }
  return lines;
};

/** A rule's line in its parts: a list in braces is one word, and `port = 80` is as good as `port 80`. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/\{[^}]*\}|[^\s{}]+/g)].map(([word]) => word).filter((word) => word !== '=');

const portAfter = (words: readonly string[], at: number): string | undefined =>
  words[at] === 'port' ? words[at + 1] : undefined;

const ruleOf = (line: string): PfRule | undefined => {
  const words = wordsOf(line);
  if (!['pass', 'match', 'block'].includes(words[0] ?? '')) return undefined;
  const to = words.indexOf('to');
  const isBare = to === -1 || words[to + 1] === 'port';
  const rdr = words.indexOf('rdr-to');
  const target = words[rdr + 1];
  return {
    text: line,
    to: isBare || words[to + 1] === 'any' ? undefined : words[to + 1],
    port: to === -1 ? undefined : portAfter(words, isBare ? to + 1 : to + 2),
    isNat: words.includes('nat-to'),
    rdr:
      rdr === -1 || target === undefined
        ? undefined
        : { to: target, port: portAfter(words, rdr + 2), keepsHost: words.includes('bitmask') },
  };
};

/** The rules among these lines, as pf.conf(5) or `pfctl -sr` writes them. */
const rulesOf = (lines: readonly string[]): readonly PfRule[] => lines.map(ruleOf).filter((rule) => rule !== undefined);

/** Whether pf is known to be switched off, whatever rules it has. */
export const isPfOff = async (host: Host, signal: AbortSignal): Promise<boolean> => {
  if (host.self.uid !== 0) return false;
  const info = await ifInstalled(host.run('pfctl', ['-si'], signal));
  return /^Status: Disabled/m.test(info?.stdout ?? '');
};

/**
 * The rules that pf has loaded, where root asks; else those that pf.conf would load. Undefined when this user may see
 * neither: pf.conf is mode 0600 by habit, and /dev/pf is root's.
 */
export const readPfRules = async (host: Host, signal: AbortSignal): Promise<readonly PfRule[] | undefined> => {
  if (host.self.uid === 0) {
    // The asterisk: with the rules of all anchors in their places.
    const loaded = await ifInstalled(host.run('pfctl', ['-a', '*', '-sr'], signal));
    if (loaded?.exitCode === 0) return rulesOf(loaded.stdout.split('\n'));
  }
  const lines = await linesOf(host, '/etc/pf.conf', new Map());
  return lines && rulesOf(lines);
};
