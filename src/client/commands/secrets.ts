import type { Api } from '../api/api.ts';
import type { CommandJob, RunCommand } from '../args/types.ts';
import { usageError, type ClientEnding } from '../client-error.ts';
import { readSecret } from '../show/read-secret.ts';
import { table } from '../show/table.ts';

const list = async (api: Api, { output, values }: CommandJob): Promise<ClientEnding> => {
  const { items } = await api.ask('get', '/secrets', {});
  if (values.json === true) for (const item of items) output.printJson(item);
  else if (items.length === 0) output.tell('No secret is kept.');
  else
    output.print(
      ...table(
        ['SECRET', 'VERSION', 'CHANGED', 'FOR'],
        items.map(({ name, version, changed_at: at, templates = ['all templates'] }) => [name, String(version), at, templates.join(', ')]), // prettier-ignore
      ),
    );
  return 'succeeded';
};

const readValue = async ({ output }: CommandJob): Promise<string> => {
  const value = await readSecret(output, 'Value: ');
  if (value === '') throw usageError('No value came at standard input.');
  return value;
};

/** `imagectl secrets` */
export const run: RunCommand = async (job) => {
  const [what, name] = job.operands;
  const api = await job.api();
  if (what === undefined) return list(api, job);
  if (name === undefined) throw usageError(`secrets ${what} needs the name of a secret.`);
  if (what === 'delete') {
    await api.ask('delete', '/secrets/{name}', { path: { name } });
    job.output.tell(`${name} is deleted.`);
    return 'succeeded';
  }
  if (what !== 'set') throw usageError(`secrets takes set or delete, not ${JSON.stringify(what)}.`);
  const templates = job.values['for-template'];
  const value = await readValue(job);
  const secret = await api.ask('put', '/secrets/{name}', {
    path: { name },
    json: { value, ...(templates === undefined ? {} : { templates: [...templates] }) },
  });
  if (job.values.json === true) job.output.printJson(secret);
  else job.output.print(`${name} has version ${secret.version}`);
  return 'succeeded';
};
