import { filled, jsonOf, type Api } from '../api/api.ts';
import type { Job, Run } from '../args/types.ts';
import { ClientError, usageError, type Ending } from '../client-error.ts';
import { facts, table } from '../show/table.ts';
import { shownBytes } from '../show/units.ts';
import { unlessMissing } from './unless-missing.ts';

type Layer = Readonly<Record<string, unknown>>;

const notHere = () => new ClientError('refused', 'This imaged keeps no layers.');

const isTable = (value: unknown): value is Layer =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const word = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

const size = (value: unknown): string => (typeof value === 'number' ? shownBytes(value) : word(value));

const pageOf = async (
  api: Api,
  after: string | undefined,
): Promise<{ readonly items: readonly Layer[]; readonly next: string | undefined }> => {
  // prettier-ignore
  const reply = await unlessMissing(() => api.open('get', '/layers', { query: { after } }), notHere);
  const page: unknown = await jsonOf(reply, api.server);
  const items = isTable(page) && Array.isArray(page['items']) ? page['items'].filter(isTable) : [];
  return { items, next: isTable(page) && typeof page['next'] === 'string' ? page['next'] : undefined };
};

const list = async (api: Api, { output, values }: Job): Promise<Ending> => {
  const layers: Layer[] = [];
  for (let after: string | undefined; ;) {
    const { items, next } = await pageOf(api, after);
    layers.push(...items);
    after = next;
    if (after === undefined) break;
  }
  if (values.json === true) for (const layer of layers) output.printJson(layer);
  else if (layers.length === 0) output.tell('No layer is kept.');
  else
    output.print(
      ...table(
        ['LAYER', 'KIND', 'TEMPLATE', 'AFTER', 'SIZE', 'USED'],
        layers.map(({ key, kind, template, step, bytes, used_at: used }) => [word(key), word(kind), word(template), word(step), size(bytes), word(used)]), // prettier-ignore
      ),
    );
  return 'succeeded';
};

const show = async (api: Api, { output, values }: Job, key: string): Promise<Ending> => {
  const reply = await api.open('get', filled('/layers/{key}', { key }));
  const layer: unknown = await jsonOf(reply, api.server);
  if (values.json === true) output.printJson(layer);
  else if (isTable(layer)) output.print(...facts(Object.entries(layer).map(([name, value]) => [name, word(value)])));
  return 'succeeded';
};

/** `imagectl layers` */
export const run: Run = async (job) => {
  const [what, key] = job.operands;
  const api = await job.api();
  if (what === undefined) return list(api, job);
  if (what === 'show' && key !== undefined) return show(api, job, key);
  if (what !== 'delete')
    throw usageError('layers takes nothing, "show KEY", "delete KEY", or "delete" for all of them.');
  if (key === undefined) await unlessMissing(() => api.open('delete', '/layers'), notHere);
  else await api.open('delete', filled('/layers/{key}', { key }));
  job.output.tell(key === undefined ? 'No layer is kept any more, but for those in use.' : `${key} is deleted.`);
  return 'succeeded';
};
