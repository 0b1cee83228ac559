import { dirname } from 'node:path';
import { templateReference } from '../../base/records/names.ts';
import { numberFrom, pairFrom } from '../args/numbers.ts';
import type { CommandJob } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { isFile, isFolder, type FolderToSend } from './packed-folder.ts';
import { overFolder, readVariables, variablesFile, type GivenVariables } from './variables.ts';

/** What is to be built: a folder of this host, or a template that the daemon has stored. */
export type ClientAsked = {
  readonly query: Readonly<Record<string, unknown>>;
} & (
  | { readonly folder: FolderToSend }
  | { readonly stored: { readonly template: string } & Readonly<Record<string, unknown>> }
);

// With nothing to say, the folder is sent as it is.
const folderWith = async (folder: string, variables: GivenVariables): Promise<FolderToSend> => {
  if (Object.keys(variables).length === 0) return { folder, made: [], extra: {} };
  const all = await overFolder(folder, variables);
  return { folder, made: [variablesFile], extra: { [variablesFile]: JSON.stringify(all) } };
};

const flag = (value: boolean | undefined): 'true' | undefined => (value === true ? 'true' : undefined);

const missing = async (wanted: string) =>
  (await isFile(wanted))
    ? usageError(`${wanted} is a file: name the folder that it is in, ${dirname(wanted)}, all of which is sent.`)
    : usageError(`There is no folder ${JSON.stringify(wanted)}, and no stored template can be called so. See: imagectl templates`); // prettier-ignore

/** What the command line asks to build or to validate. Throws `usage`. */
export const askedBy = async ({ operands: [wanted = '.'], values }: CommandJob): Promise<ClientAsked> => {
  const variables = await readVariables(values['var-file'], values.variable);
  const { cache, timeout, machine, debug, force, label, 'on-error': onError } = values;
  const labels = label?.map((one) => pairFrom(one, '--label'));
  const priority = numberFrom(values.priority, 'priority');
  if (await isFolder(wanted)) {
    const folder = await folderWith(wanted, variables);
    const query = {
      cache,
      priority,
      timeout,
      machine,
      label,
      on_error: onError,
      debug: flag(debug),
      force: flag(force),
    };
    return { folder, query };
  }
  if (!templateReference.test(wanted)) throw await missing(wanted);
  return {
    stored: {
      template: wanted,
      variables,
      labels: labels && Object.fromEntries(labels),
      priority,
      timeout,
      machine,
      debug,
      force,
      on_error: onError,
    },
    query: { cache },
  };
};
