import type { RunCommand } from '../args/types.ts';
import { facts, table } from '../show/table.ts';

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value); // prettier-ignore

/** Values by the way to them: `memory.free_mb`. Lists are counted. */
const flat = (value: unknown, place: string): readonly (readonly [string, string])[] => {
  if (isTable(value))
    return Object.entries(value).flatMap(([key, inner]) => flat(inner, place === '' ? key : `${place}.${key}`));
  if (!Array.isArray(value)) return [[place, shown(value)]];
  const simple = value.every((one) => typeof one === 'string');
  return [[place, simple ? value.join(', ') : `${value.length}`]];
};

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** `imagectl host` */
export const run: RunCommand = async ({ api: connect, output, values }) => {
  const api = await connect();
  const { checks, ...host } = await api.ask('get', '/host', {});
  if (values.json === true) {
    output.printJson({ ...host, checks });
    return 'succeeded';
  }
  output.print(...facts(flat(host, '')));
  const found = Array.isArray(checks) ? checks.filter(isTable) : [];
  if (found.length === 0) return 'succeeded';
  const stateOf = (state: unknown) => (state === 'ok' || state === 'warn' || state === 'fail' ? state : 'warn');
  output.print('', ...table(['CHECK', 'STATE', 'FOUND'], found.map(({ name, state, message }) => [shown(name), { as: colours[stateOf(state)], text: shown(state) }, shown(message ?? '')]))); // prettier-ignore
  return 'succeeded';
};
