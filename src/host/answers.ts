import { isErrno, unlessErrno } from '../base/errno.ts';
import type { HostAnswer, Host } from './types.ts';

export const ok = (message: string): HostAnswer => ({ state: 'ok', message });

const answer = (state: 'warn' | 'fail', message: string, fix: string | undefined): HostAnswer =>
  fix === undefined ? { state, message } : { state, message, fix };

export const warn = (message: string, fix?: string): HostAnswer => answer('warn', message, fix);
export const fail = (message: string, fix?: string): HostAnswer => answer('fail', message, fix);

const missing = ['ENOENT', 'ENOTDIR'];
const denied = ['EACCES', 'EPERM'];

/** Whether the error says that this user may not. */
export const isDenied = (error: unknown): boolean => isErrno(error, ...denied);

/** What is asked of a path, or undefined when there is no such file. Rejects with any other error. */
export const ifThere = <T>(asked: Promise<T>): Promise<T | undefined> => unlessErrno(asked, ...missing);

/** The text of a file; undefined when it is not there or this user may not read it. */
export const ifReadable = (host: Host, path: string): Promise<string | undefined> =>
  unlessErrno(host.read(path), ...missing, ...denied);
