import { Fault, type FaultCode } from '../base/fault.ts';
import { isPassingStatus, passing, shownBy, type Peer } from '../outward/peer.ts';

/** Where files come from; `refused`: it has no such file, or may not be asked. */
export type Source = Peer & {
  /** What came is another file. */
  readonly damaged: FaultCode;
  /** What the right file is, as in "is not ...". */
  readonly right: string;
};

/** What a status that brings no file means. */
export const refusal = (source: Source, url: URL, status: number): Fault => {
  const why = `${shownBy(source, url)}: upstream answered ${status}.`;
  if (isPassingStatus(status)) return passing(source, why);
  const isGone = status === 404 || status === 410;
  return new Fault(isGone ? source.refused : source.unavailable, `${why} ${source.advice}`, { status });
};
