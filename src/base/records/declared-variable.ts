import type { VariableType, VariableValue } from './variable-value.ts';

/** A variable as a template declares it: what a client needs to know to send a value. */
export type DeclaredVariable = {
  readonly name: string;
  readonly type: VariableType;
  /** Its value when none is sent. Undefined where there is none, and where it is sensitive. */
  readonly default?: VariableValue;
  readonly required: boolean;
  readonly description?: string;
  readonly choices?: readonly (string | number | boolean)[];
  readonly pattern?: string;
  /** Its value is shown nowhere. */
  readonly sensitive: boolean;
  /** The secret of the host that is its value: none is sent. */
  readonly secret?: string;
};
