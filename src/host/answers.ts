import type { Answer, Host } from './types.ts';

export const ok = (message: string): Answer => ({ state: 'ok', message });

const answer = (state: 'warn' | 'fail', message: string, fix: string | undefined): Answer =>
  fix === undefined ? { state, message } : { state, message, fix };

export const warn = (message: string, fix?: string): Answer => answer('warn', message, fix);
export const fail = (message: string, fix?: string): Answer => answer('fail', message, fix);

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Whether the error says that there is no such file. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

/** Whether the error says that this user may not. */
export const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(error) ?? '');

/** What is asked of a path, or undefined when there is no such file. Other errors fly. */
export const ifThere = <T>(ask: Promise<T>): Promise<T | undefined> =>
  ask.catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });

/** The text of a file; undefined when it is not there or this user may not read it. */
export const ifReadable = (host: Host, path: string): Promise<string | undefined> =>
  host.read(path).catch((error: unknown) => {
    if (isMissing(error) || isDenied(error)) return undefined;
    throw error;
  });
