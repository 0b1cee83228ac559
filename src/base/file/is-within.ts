import { sep } from 'node:path';

/** Whether a path is a folder or lies below it; both absolute, and real: no links, no `..`. */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
