/** A published file. `sha256` is lower-case hex, `size` is bytes. */
export type Artifact = {
  readonly name: string;
  readonly format: string;
  readonly size: number;
  readonly sha256: string;
};
