import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { isErrno } from '../../base/errno.ts';
import { writeWhole } from '../../base/file/write-whole.ts';
import { ClientError } from '../client-error.ts';
import { systemReason } from '../../base/system-words.ts';

export type KnownHost = { readonly url: string; readonly token?: string };

/** What the configuration of imagectl says: `default`, and a table `hosts.NAME` for each daemon. */
export type Hosts = {
  readonly file: string;
  readonly default?: string;
  readonly hosts: Readonly<Record<string, KnownHost>>;
};

type Environment = Readonly<Record<string, string | undefined>>;

const fileFor = ({ XDG_CONFIG_HOME: config, HOME: home }: Environment): string =>
  join(config !== undefined && config !== '' ? config : join(home ?? homedir(), '.config'), 'imaged', 'config.toml');

const wrong = (file: string, what: string): ClientError => new ClientError('usage', `${file}: ${what}`);

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const refuseOthers = (
  file: string,
  table: Readonly<Record<string, unknown>>,
  place: string,
  known: readonly string[],
) => {
  const other = Object.keys(table).find((key) => !known.includes(key));
  if (other !== undefined) throw wrong(file, `${place}${other} is an unknown key; there is: ${known.join(', ')}.`);
};

const hostFrom = (value: unknown, place: string, file: string): KnownHost => {
  if (!isTable(value)) throw wrong(file, `${place} is to be a table with url and token.`);
  refuseOthers(file, value, `${place}.`, ['url', 'token']);
  const { url, token } = value;
  if (typeof url !== 'string') throw wrong(file, `${place}.url is missing: the address of an imaged.`);
  if (token !== undefined && typeof token !== 'string') throw wrong(file, `${place}.token is to be a text.`);
  return { url, ...(token === undefined ? {} : { token }) };
};

const hostsFrom = (text: string, file: string): Hosts => {
  let table;
  try {
    table = parse(text);
  } catch (error) {
    throw wrong(file, `is no TOML: ${error instanceof Error ? error.message : String(error)}`);
  }
  refuseOthers(file, table, '', ['default', 'hosts']);
  const { default: standard, hosts = {} } = table;
  if (standard !== undefined && typeof standard !== 'string') throw wrong(file, 'default is to be the name of a host.');
  if (!isTable(hosts)) throw wrong(file, 'hosts is to be a table.');
  return {
    file,
    ...(standard === undefined ? {} : { default: standard }),
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, host]) => [name, hostFrom(host, `hosts.${name}`, file)]),
    ),
  };
};

/**
 * Reads `~/.config/imaged/config.toml` (XDG_CONFIG_HOME says otherwise); empty where there is none. It holds tokens: one
 * that others can read is refused, and so is one of another user.
 */
export const readHosts = async (environment: Environment): Promise<Hosts> => {
  const file = fileFor(environment);
  let handle;
  try {
    handle = await open(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { file, hosts: {} };
    throw wrong(file, `cannot be read: ${systemReason(error)}`);
  }
  await using opened = handle;
  const { mode, uid } = await opened.stat();
  if ((mode & 0o077) !== 0)
    throw wrong(file, `others can read the tokens in it (mode ${(mode & 0o777).toString(8)}). Type: chmod 600 ${file}`);
  if (process.getuid !== undefined && uid !== process.getuid() && uid !== 0)
    throw wrong(file, `belongs to another user (${uid}).`);
  return hostsFrom(await opened.readFile('utf8'), file);
};

/** Writes the host beside the others; it becomes the default where there is none. Gives the file. */
export const writeHost = async (environment: Environment, name: string, host: KnownHost): Promise<string> => {
  const { file, default: standard = name, hosts } = await readHosts(environment);
  const text = stringify({ default: standard, hosts: { ...hosts, [name]: host } });
  await writeWhole(file, text, { mode: 0o600 });
  return file;
};
