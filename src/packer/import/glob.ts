import { escapeRegExp } from '../../base/text/escape-regexp.ts';

/** A pattern of Go's filepath.Match, as far as names of files need it. */
export const matcher = (pattern: string): RegExp =>
  new RegExp(`^${escapeRegExp(pattern).replaceAll('\\*', '[^/]*').replaceAll('\\?', '[^/]')}$`);

/** Whether it names files by a pattern. */
export const isGlob = (path: string): boolean => /[*?]/.test(path);
