/** A breakpoint that a healthy build is at: it goes on when a client resumes it, and fails where nobody does. */
export type Pause = {
  /** As in the plan. */
  readonly name: string;
  /** When it fails, in Unix milliseconds. */
  readonly until: number;
  /** What the template says about it. */
  readonly note?: string;
  /** A command line that logs in. */
  readonly ssh?: string;
};
