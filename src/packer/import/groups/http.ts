import type { Builder } from '../builder.ts';
import { contextPath } from '../paths.ts';
import type { Rules } from '../keys.ts';

const endpoint = { idle: 'each machine has an endpoint of its own' } as const;

/** Packer's keys for its HTTP server. */
export const httpRules = {
  http_directory: 'read',
  http_content: 'read',
  http_port_min: endpoint,
  http_port_max: endpoint,
  http_bind_address: endpoint,
  http_interface: endpoint,
  http_network_protocol: endpoint,
} as const satisfies Rules;

/** The folder that is served, as a path of the context; undefined: none. */
export const httpFolder = ({ keys, reading }: Builder): string | undefined => {
  const folder = keys.text('http_directory');
  if (folder === undefined || folder === '') return undefined;
  return reading.wrong.attempt(keys.at('http_directory'), undefined, () => contextPath(folder));
};

/** What the machine's endpoint serves. */
export const translateHttp = (builder: Builder): void => {
  const { keys, draft, reading } = builder;
  const folder = httpFolder(builder);
  if (folder !== undefined) draft.put(['http', ''], { folder }, keys.at('http_directory'));
  const contents = keys.map('http_content') ?? [];
  if (folder !== undefined && contents.length > 0)
    reading.wrong.add(keys.at('http_content'), 'stands beside "http_directory": use one of them');
  for (const { name, text, at } of contents) draft.put(['http', name], { content: text }, at);
};
