import { filled, jsonOf, type Api } from '../api/api.ts';
import type { CommandJob, RunCommand } from '../args/types.ts';
import { ClientError, usageError, type ClientEnding } from '../client-error.ts';
import { facts, table } from '../show/table.ts';
import { shownBytes, shownSeconds } from '../show/units.ts';
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

async function* layersOf(api: Api): AsyncGenerator<Layer> {
  let after: string | undefined;
  do {
    const { items, next } = await pageOf(api, after);
    yield* items;
    after = next;
  } while (after !== undefined);
}

// As long as the log tells them.
const shownDigits = 12;

const wholeKey = /^[0-9a-f]{64}$/;
const keyBegins = /^[0-9a-f]{4,63}$/;

/** The key of a layer, of which its first digits may stand for it, where they are those of no other. */
const keyFrom = async (api: Api, typed: string): Promise<string> => {
  if (wholeKey.test(typed)) return typed;
  if (!keyBegins.test(typed))
    throw usageError(`${JSON.stringify(typed)} is no key of a layer: write its first digits, as imagectl layers shows them.`); // prettier-ignore
  const found: string[] = [];
  for await (const { key } of layersOf(api)) if (word(key).startsWith(typed)) found.push(word(key));
  const [first] = found;
  if (first === undefined) throw new ClientError('refused', `There is no layer whose key begins with ${typed}. imagectl layers lists them.`); // prettier-ignore
  if (found.length > 1) throw usageError(`${found.length} keys of layers begin with ${typed}: write more of its digits.`); // prettier-ignore
  return first;
};

const list = async (api: Api, { output, values }: CommandJob): Promise<ClientEnding> => {
  const layers: Layer[] = [];
  for await (const layer of layersOf(api)) layers.push(layer);
  if (values.json === true) for (const layer of layers) output.printJson(layer);
  else if (layers.length === 0) output.tell('No layer is kept.');
  else
    output.print(
      ...table(
        ['LAYER', 'KIND', 'TEMPLATE', 'AFTER', 'SIZE', 'USED'],
        layers.map(({ key, kind, template, step, bytes, used_at: used }) => [word(key).slice(0, shownDigits), word(kind), word(template), word(step), size(bytes), word(used)]), // prettier-ignore
      ),
    );
  return 'succeeded';
};

const partsOf = (value: unknown): readonly Layer[] => (Array.isArray(value) ? value.filter(isTable) : []);

const shown = (name: string, value: unknown): string =>
  name === 'bytes' ? size(value) : name === 'seconds' && typeof value === 'number' ? shownSeconds(value) : word(value);

const show = async (api: Api, { output, values }: CommandJob, key: string): Promise<ClientEnding> => {
  const reply = await api.open('get', filled('/layers/{key}', { key }));
  const layer: unknown = await jsonOf(reply, api.server);
  if (values.json === true) output.printJson(layer);
  else if (isTable(layer)) {
    const { ingredients, files, ...others } = layer;
    output.print(...facts(Object.entries(others).map(([name, value]) => [name, shown(name, value)])));
    const made = partsOf(ingredients).map(({ name, digest }) => [word(name), word(digest).slice(0, shownDigits)]);
    const kept = partsOf(files).map(({ name, bytes, sha256 }) => [word(name), size(bytes), word(sha256)]);
    if (made.length > 0) output.print('', ...table(['MADE OF', 'DIGEST'], made));
    if (kept.length > 0) output.print('', ...table(['FILE', 'SIZE', 'SHA256'], kept));
  }
  return 'succeeded';
};

/** `imagectl layers` */
export const run: RunCommand = async (job) => {
  const [what, key] = job.operands;
  const api = await job.api();
  if (what === undefined) return list(api, job);
  if (what === 'show' && key !== undefined) return show(api, job, await keyFrom(api, key));
  if (what !== 'delete')
    throw usageError('layers takes nothing, "show KEY", "delete KEY", or "delete" for all of them.');
  if (key === undefined) {
    await unlessMissing(() => api.open('delete', '/layers'), notHere);
    job.output.tell('No layer is kept any more, but for those in use.');
    return 'succeeded';
  }
  const whole = await keyFrom(api, key);
  await api.open('delete', filled('/layers/{key}', { key: whole }));
  job.output.tell(`${whole} is deleted.`);
  return 'succeeded';
};
