import type { Api } from '../api/api.ts';
import type { ClientEnding } from '../client-error.ts';
import type { Output } from '../show/output.ts';
import type { OptionName, options } from './options.ts';

type ValueOf<Row> = Row extends { readonly multiple: true }
  ? readonly string[]
  : Row extends { readonly type: 'boolean' }
    ? boolean
    : string;

/** What the command line says by options; what it does not say is missing. */
export type Values = { readonly [Name in OptionName]?: ValueOf<(typeof options)[Name]> };

export type CommandLine = {
  readonly command: string;
  readonly operands: readonly string[];
  readonly values: Values;
};

/** What a command has to work with. */
export type CommandJob = CommandLine & {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The daemon that the command line names: asked for only by a command that talks to one. */
  readonly api: () => Promise<Api>;
};

/** Does what a command is for, and says how it ended. */
export type RunCommand = (job: CommandJob) => Promise<ClientEnding>;
