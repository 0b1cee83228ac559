import type { Fault } from '../../base/fault.ts';
import type { Outcome } from '../records.ts';

type Artifacts = NonNullable<Extract<Outcome, { readonly status: 'failed' }>['artifacts']>;

/** The end of a build that has failed, and has published something all the same. */
export class FailedWith extends Error {
  override readonly name = 'FailedWith';
  readonly fault: Fault;
  readonly artifacts: Artifacts;

  constructor(fault: Fault, artifacts: Artifacts) {
    super(fault.message, { cause: fault });
    this.fault = fault;
    this.artifacts = artifacts;
  }
}
