import { numberFrom, pairFrom } from '../args/numbers.ts';
import type { Job } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { isFolder, type FolderToSend } from './packed-folder.ts';
import { overFolder, readVariables, variablesFile, type Variables } from './variables.ts';

/** What is to be built: a folder of this host, or a template that the daemon has stored. */
export type Asked = {
  readonly query: Readonly<Record<string, unknown>>;
} & (
  | { readonly folder: FolderToSend }
  | { readonly stored: { readonly template: string } & Readonly<Record<string, unknown>> }
);

const storedName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?(?:@[1-9][0-9]{0,8})?$/;

// With nothing to say, the folder is sent as it is.
const folderWith = async (folder: string, variables: Variables): Promise<FolderToSend> => {
  if (Object.keys(variables).length === 0) return { folder, made: [], extra: {} };
  const all = await overFolder(folder, variables);
  return { folder, made: [variablesFile], extra: { [variablesFile]: JSON.stringify(all) } };
};

const flag = (value: boolean | undefined): 'true' | undefined => (value === true ? 'true' : undefined);

const missing = (wanted: string) =>
  usageError(`There is no folder ${wanted}, and no stored template can be called so. See: imagectl templates`);

/** What the command line asks to build or to validate. Throws `usage`. */
export const askedBy = async ({ operands: [wanted = '.'], values }: Job): Promise<Asked> => {
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
  if (!storedName.test(wanted)) throw missing(wanted);
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
