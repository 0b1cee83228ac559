import { Fault } from '../../base/fault.ts';
import { isPassingStatus, passing, type Peer } from '../../outward/peer.ts';
import { shownAnswer } from '../answers.ts';

// Errors that pass with a status below 500 (the SDKs' retry behavior, "Error Codes").
const passingNames = ['RequestTimeout', 'RequestTimeTooSkewed', 'RequestTimeoutException', 'SlowDown', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'BandwidthLimitExceeded']; // prettier-ignore

const statusOf = (error: Error): number | undefined => {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : 0;
  return typeof status === 'number' && status > 0 ? status : undefined;
};

/** Whether an error of the SDK has this name, as S3 and EC2 tell it. */
export const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

/** An error that the SDK threw, as a fault of the peer: what the server answered, or that its answer could not be read. */
export const sdkFault = (peer: Peer, what: string, error: unknown): unknown => {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const status = statusOf(error);
  const said = error.message === '' || error.message === error.name ? '' : ` and said ${shownAnswer(error.message)}`;
  // No status of a refusal, and yet the SDK threw: what came could not be understood.
  if (status === undefined || status < 300)
    return passing(peer, `${what}: its answer could not be read: ${shownAnswer(error.message)}.`, error);
  const why = `${what}: it answered ${status}, ${error.name}${said}.`;
  return isPassingStatus(status) || passingNames.includes(error.name)
    ? passing(peer, why, error)
    : new Fault(peer.refused, `${why} ${peer.advice}`, { status }, { cause: error });
};
