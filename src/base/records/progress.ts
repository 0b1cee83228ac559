/** How far the attempt of a build is that runs now, or a build that is queued. */
export type Progress = {
  /** The place in the plan, from 1, of the last step that has begun; 0 before the first. */
  readonly step: number;
  /** How many steps the plan has. */
  readonly steps: number;
  /** From 0, and always below 1. It never goes back within an attempt. */
  readonly fraction: number;
  /** Milliseconds to its end; undefined while too little is known. */
  readonly leftMs?: number;
};
