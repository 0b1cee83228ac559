/** What can be told of a measurement besides its sentence, for `--json`. */
export type Facts = Readonly<Record<string, number | string | boolean | readonly number[]>>;

export type Result = {
  /** For the table: figures with their units. */
  readonly measured: string;
  readonly isReached: boolean;
  readonly facts: Facts;
};

export type Tools = {
  readonly signal: AbortSignal;
  /** For whoever waits: what is being done now. */
  readonly note: (line: string) => void;
};

/** One row of the table. What it starts is gone when `run` settles, also after the signal. */
export type Row = {
  readonly name: string;
  /** What is measured, and over what. */
  readonly what: string;
  readonly reach: string;
  readonly run: (tools: Tools) => Promise<Result>;
};
