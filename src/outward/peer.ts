import { Fault, type FaultCode } from '../base/fault.ts';
import type { Reach } from './reach.ts';
import { shownUrl } from './shown-url.ts';

/** Who is asked over HTTP: how its faults are called, and what of it may be reached. */
export type Peer = {
  /** It cannot be reached, or does not answer as it should: another time may do better. */
  readonly unavailable: FaultCode;
  /** It does not do what is asked, or may not be asked. */
  readonly refused: FaultCode;
  /** What to look at where nothing is to be had: a sentence. */
  readonly advice: string;
  /** Undefined: whatever there is. */
  readonly reach?: Reach;
  /** What is told of a URL in faults. Default: all but its user, its password and its query. */
  readonly show?: (url: URL) => string;
};

/** A URL as the faults of a peer tell it. */
export const shownBy = ({ show = shownUrl }: Pick<Peer, 'show'>, url: URL): string => show(url);

/** A fault of a peer that may pass: asking again makes sense. */
export const passing = ({ unavailable }: Peer, why: string, cause?: unknown): Fault =>
  new Fault(unavailable, why, { may_pass: true }, { cause });

export const mayPass = (error: unknown): boolean => error instanceof Fault && error.facts['may_pass'] === true;

/** Any error of a connection as a fault that may pass; the signal's reason where that has aborted. */
export const broken = (peer: Peer, error: unknown, url: URL, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  return passing(
    peer,
    `${shownBy(peer, url)}: ${error instanceof Error ? error.message || error.name : String(error)}`,
    error,
  );
};

/** Whether a status says that the same request may do better later. */
export const isPassingStatus = (status: number): boolean => status >= 500 || status === 408 || status === 429;
