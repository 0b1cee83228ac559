import type { LookupFunction } from 'node:net';
import { Fault, type FaultCode } from '../base/fault.ts';

/** What may be reached, asked before every connection. */
export type Reach = {
  /** Why this URL is not asked; undefined: it may be. An address in it is judged here, a name when it is looked up. */
  readonly refuse: (url: URL) => string | undefined;
  /** Whether a redirect from https to this URL, which is plain http, is followed. */
  readonly allowsPlain: (url: URL) => boolean;
  /** Looks a name up and gives the addresses that may be connected to, and no others; fails where there are none. */
  readonly lookup: (url: URL) => LookupFunction;
};

/** Where files come from: how its faults are called, and what of it may be reached. */
export type Source = {
  /** It cannot be reached, or does not answer as it should: another time may do better. */
  readonly unavailable: FaultCode;
  /** What came is another file. */
  readonly damaged: FaultCode;
  /** It has no such file, or may not be asked. */
  readonly refused: FaultCode;
  /** What to look at where a file is not to be had: a sentence. */
  readonly advice: string;
  /** What the right file is, as in "is not ...". */
  readonly right: string;
  /** Undefined: whatever there is. */
  readonly reach?: Reach;
};

/** A fault of a source that may pass: asking again makes sense. */
export const passing = ({ unavailable }: Source, why: string, cause?: unknown): Fault =>
  new Fault(unavailable, why, { may_pass: true }, { cause });

export const mayPass = (error: unknown): boolean => error instanceof Fault && error.facts['may_pass'] === true;

/** Any error of a connection as a fault that may pass; the signal's reason where that has aborted. */
export const broken = (source: Source, error: unknown, url: URL, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  return passing(source, `${url.href}: ${error instanceof Error ? error.message || error.name : String(error)}`, error);
};

/** What a status that brings no file means. */
export const refusal = (source: Source, url: URL, status: number): Fault => {
  const why = `${url.href}: upstream answered ${status}.`;
  if (status >= 500 || status === 408 || status === 429) return passing(source, why);
  const isGone = status === 404 || status === 410;
  return new Fault(isGone ? source.refused : source.unavailable, `${why} ${source.advice}`, { status });
};
