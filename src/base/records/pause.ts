/** A breakpoint at which a build waits until a client resumes it. */
export type Pause = {
  /** As in the plan. */
  readonly name: string;
  /** Unix milliseconds: then the build fails. */
  readonly until: number;
  /** What the template says about it. */
  readonly note?: string;
  /** A command line that logs in. */
  readonly ssh?: string;
};
