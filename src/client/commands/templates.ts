import { filled, jsonOf, type Api } from '../api/api.ts';
import type { Template } from '../api/types.ts';
import type { CommandJob, RunCommand } from '../args/types.ts';
import { usageError, type ClientEnding } from '../client-error.ts';
import { sendFolder } from '../input/packed-folder.ts';
import { table } from '../show/table.ts';

const list = async (api: Api, { output, values }: CommandJob): Promise<ClientEnding> => {
  const items = [];
  for (let after: string | undefined; ;) {
    const page = await api.ask('get', '/templates', { query: { after, limit: 500 } });
    items.push(...page.items);
    after = page.next;
    if (after === undefined) break;
  }
  if (values.json === true) for (const item of items) output.printJson(item);
  else if (items.length === 0) output.tell('No template is stored. Store one: imagectl templates store NAME DIR');
  else
    output.print(
      ...table(
        ['TEMPLATE', 'VERSION', 'FILES', 'STORED'],
        items.map(({ name, version, has_files: files, created_at: at }) => [name, String(version), files ? 'yes' : 'no', at]), // prettier-ignore
      ),
    );
  return 'succeeded';
};

const show = async (api: Api, { output, values }: CommandJob, wanted: string): Promise<ClientEnding> => {
  const [name = '', version] = wanted.split('@');
  const template =
    version === undefined
      ? await api.ask('get', '/templates/{name}', { path: { name } })
      : await api.ask('get', '/templates/{name}/versions/{version}', { path: { name, version: Number(version) } });
  if (values.json === true) output.printJson(template);
  else output.print(JSON.stringify(template.document, null, 2));
  return 'succeeded';
};

const store = async (api: Api, { output, values }: CommandJob, name: string, folder: string): Promise<ClientEnding> => {
  const path = filled('/templates/{name}', { name });
  const reply = await sendFolder(api, { folder, made: [], extra: {} }, output, (sent) => api.open('put', path, sent));
  // The contract says that it is a Template.
  const template = (await jsonOf(reply, api.server)) as Template;
  if (values.json === true) output.printJson(template);
  else output.print(`${name}@${template.version}`);
  return 'succeeded';
};

/** `imagectl templates` */
export const run: RunCommand = async (job) => {
  const [what, name, folder] = job.operands;
  const api = await job.api();
  if (what === undefined) return list(api, job);
  if (name === undefined) throw usageError(`templates ${what} needs the name of a template.`);
  if (what === 'show') return show(api, job, name);
  if (what === 'store') return store(api, job, name, folder ?? '.');
  if (what !== 'delete') throw usageError(`templates takes show, store or delete, not ${JSON.stringify(what)}.`);
  await api.ask('delete', '/templates/{name}', { path: { name } });
  job.output.tell(`${name} is deleted.`);
  return 'succeeded';
};
