import type { Problem } from './api/types.ts';
import type { SentFolder } from './show/field-errors.ts';

/** How imagectl ends, for scripts. `left`: Ctrl-C while it watched, and the build goes on (128 + SIGINT, as in a shell). */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  cancelled: 3,
  unreachable: 4,
  refused: 5,
  left: 130,
} as const;

export type ClientEnding = keyof typeof exitCodes;

/** What more is known of an error. */
type About = {
  /** What the daemon answered, where it refused. */
  readonly problem?: Problem;
  /** The folder that it refused. */
  readonly sent?: SentFolder;
  /** Whether the message says all that the problem does, in words of this program. */
  readonly isTold?: boolean;
  /** The least seconds to wait before the same is asked again, where the daemon says so. */
  readonly retryAfterSeconds?: number | undefined;
};

/** An error that imagectl can explain; anything else is a defect of its own. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly ending: Exclude<ClientEnding, 'succeeded'>;
  readonly about: About;

  constructor(
    ending: Exclude<ClientEnding, 'succeeded'>,
    message: string,
    { cause, ...about }: About & ErrorOptions = {},
  ) {
    super(message, { cause });
    this.ending = ending;
    this.about = about;
  }
}

/** The error of a wrong command line. */
export const usageError = (message: string): ClientError => new ClientError('usage', message);
