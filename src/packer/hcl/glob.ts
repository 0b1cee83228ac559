import { escapeRegExp } from '../../base/text/escape-regexp.ts';
import { compileRe2, type Re2 } from '../../base/pattern/re2.ts';
import type { Refused } from '../../base/pattern/syntax.ts';

const part = /\*\*\/|\*\*|\*|\?|\[!?[^\]]*\]|\{[^{}]*\}|[^]/gu;

const sourceOf = (glob: string): string =>
  glob.replace(part, (one) => {
    if (one === '**/') return '(?:.*/)?';
    if (one === '**') return '.*';
    if (one === '*') return '[^/]*';
    if (one === '?') return '[^/]';
    if (one.startsWith('{') && one.length > 1) return `(?:${one.slice(1, -1).split(',').map(sourceOf).join('|')})`;
    if (/^\[.+\]$/.test(one)) return one.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return escapeRegExp(one);
  });

/** A glob as a pattern for a whole text: `*`, `?`, `[...]`, `{a,b}`, and `**` for folders at any depth. */
export const compileGlob = (glob: string): Re2 | Refused => compileRe2(`^(?:${sourceOf(glob)})$`);
