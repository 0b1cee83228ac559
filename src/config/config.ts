import { constants } from 'node:fs';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ofRightKind } from '../base/document/zod-words.ts';
import type { HypervisorName } from '../base/machine/hypervisors.ts';
import { Hypervisor } from './hypervisor.ts';
import { Cache } from './cache.ts';
import { Communicator } from './communicator.ts';
import { Destinations } from './destinations.ts';
import { Fetch, Uploads } from './fetch.ts';
import { checkMirror, Mirror } from './mirror.ts';
import { Notify } from './notify.ts';
import { Provenance } from './provenance.ts';
import { Provisioners } from './provisioners.ts';
import { Retention } from './retention.ts';
import { Secrets } from './secrets.ts';
import { Upgrade } from './upgrade.ts';
import { Vagrant } from './vagrant.ts';
import { Sign } from './sign.ts';
import { judgedBy } from './judged-by.ts';
import { movedKeys, type MovedKey } from './moved-keys.ts';
import { systemReason } from '../base/system-words.ts';
import { unlessErrno } from '../base/errno.ts';
import { Fault, type FieldError } from '../base/fault.ts';
import { hostPortOf, withoutBrackets } from '../base/http/host-port.ts';
import { identityOf } from '../base/identity.ts';
import { didYouMean, quoted } from '../base/text/nearest.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { AbsolutePath, Duration, SizeMb } from '../base/units.ts';

const listenOf = (text: string): { readonly host: string; readonly port: number } => {
  const { host = '', port } = hostPortOf(text) ?? {};
  if (port === undefined || !/^(\[.+\]|[A-Za-z0-9.-]+)$/.test(host))
    throw new ParseError('must be address:port, such as "127.0.0.1:8080" or "[::1]:8080"');
  return { host: withoutBrackets(host), port };
};

const Listen = z.string().transform(judgedBy(listenOf));

const Capacity = z
  .strictObject({
    memory: SizeMb.optional().describe(
      'Memory that all machines together may take. Default: three quarters of the host.',
    ),
    disk_reserve: SizeMb.default(1024).describe('Disk space that builds leave free in data_dir.'),
    overcommit: z
      .number()
      .min(1)
      .max(100)
      .default(1)
      .describe(
        'How many times the free disk space builds may be promised together: a build counts with what its disks can grow to, and most never do. Above 1 a disk can fill while builds run, and those lose their attempt.',
      ),
  })
  .prefault({});

const Queue = z
  .strictObject({
    reserve_after: Duration.default(10 * 60_000).describe(
      'How long smaller builds may overtake a build that does not fit. After that, freed room is reserved for it.',
    ),
  })
  .prefault({});

const Limits = z
  .strictObject({
    body: SizeMb.default(4).describe('Largest JSON or YAML body, and largest template of a context.'),
    context: SizeMb.default(256).describe('Largest context archive, packed as well as unpacked.'),
    connections: z
      .int()
      .min(16)
      .max(100_000)
      .optional()
      .describe(
        'Connections that the API holds. Default: what the limit of open files leaves beside machines, at most 4096.',
      ),
    connections_per_address: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'The same for one address (of IPv6, for 64 bits of it), but not for this host itself, where a reverse proxy speaks for all its clients. Default: half of connections.',
      ),
    waits_per_token: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('Requests of one token that wait or follow. Default: three quarters of connections.'),
    queue: z.int().min(1).default(10_000).describe('Most builds that wait in the queue.'),
    templates: z.int().min(1).default(1000).describe('Most templates that are kept.'),
    template_versions: z.int().min(1).default(100).describe('How many versions of a template are kept, the newest.'),
    pins: z.int().min(0).default(100).describe('Most builds that clients keep by a pin, whatever the retention says.'),
    context_files: z.int().min(1).default(10_000).describe('Most files in a context archive.'),
    build_timeout: Duration.default(4 * 3_600_000).describe('For a build whose template and request name none.'),
    hold: Duration.default(30 * 60_000).describe(
      'How long the machine of a failed build is kept that on_error holds, and a build with "debug" waits before each step.',
    ),
    log: SizeMb.refine((mb) => mb >= 1, 'is at least 1M')
      .default(64)
      .describe('Largest log of a build. Beyond it the middle is left out, with a line that says so.'),
    console: SizeMb.refine((mb) => mb >= 1, 'is at least 1M')
      .default(256)
      .describe('Largest console transcript of a build; likewise.'),
    events: z
      .int()
      .min(100)
      .default(20_000)
      .describe('Most events that the guest of a build can cause, its requests apart. Beyond it they are counted.'),
    requests: z.int().min(100).default(20_000).describe('Most requests to its endpoint that are kept; likewise.'),
    flood: z
      .int()
      .min(1)
      .default(16)
      .describe('A guest that goes beyond so many times one of these bounds fails its build as guest_floods.'),
  })
  .prefault({});

/** The configuration file: /etc/imaged.conf in TOML. */
export const Config = z.strictObject({
  listen: Listen.prefault('127.0.0.1:8080').describe('Address and port of the API. Put TLS in front (relayd, nginx).'),
  data_dir: AbsolutePath.default('/var/imaged').describe(
    'The store, contexts, builds and work disks. Needs room for images.',
  ),
  run_dir: AbsolutePath.optional().describe('Sockets of machines; at most 60 characters long. Default: data_dir/run.'),
  log_level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Log lines below this level are not written. Read again on SIGHUP.'),
  workers: z.int().min(1).max(250).default(2).describe('How many builds run at once.'),
  attempts: z.int().min(1).max(10).default(3).describe('How often a build is tried when the host is to blame.'),
  hypervisor: Hypervisor,
  capacity: Capacity,
  queue: Queue,
  mirror: Mirror.describe("The sets of OpenBSD that every machine's endpoint serves below pub/OpenBSD."),
  cache: Cache.describe('Layers: what builds have made up to a step, for later builds to go on from.'),
  fetch: Fetch.describe('Files that templates name by URL and checksum.'),
  uploads: Uploads.describe('Media that clients upload with POST /media/NAME.'),
  destinations: Destinations.describe('Where artifacts and news of builds may be sent.'),
  notify: Notify.describe('Who is told of every build.'),
  communicator: Communicator.describe('What builds may log in through.'),
  provenance: Provenance.describe('What statements of provenance say of this host.'),
  provisioners: Provisioners.describe('What of a template may run on this host itself.'),
  secrets: Secrets.describe('What is secret, as the store keeps it.'),
  vagrant: Vagrant.describe('The catalogue of the Vagrant boxes that builds have made.'),
  upgrade: Upgrade,
  sign: Sign.describe('What this host signs with, by the post-processor "sign". Read again on SIGHUP.'),
  retention: Retention.describe('Read again on SIGHUP.'),
  limits: Limits,
  media: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name: letters, digits, . _ -'), AbsolutePath)
    .default({})
    .describe(
      'Files and folders of this host that templates may read, by name: "media:NAME/path". Read again on SIGHUP.',
    ),
});

export type Config = z.infer<typeof Config> & {
  readonly run_dir: string;
  /** What the file has at an old place, which is still read. */
  readonly moved: readonly MovedKey[];
};

const invalid = (file: string, errors: readonly FieldError[]): Fault =>
  new Fault(
    'configuration_invalid',
    errors.map(({ pointer, message }) => `${file}: ${pointer ? `${pointer}: ` : ''}${message}`).join('\n'),
    { errors },
  );

const shapeOf = (schema: unknown): Readonly<Record<string, unknown>> => {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner.shape : {};
};

/** Tables whose values are shown where they are wrong: none of these holds a secret. */
const open = [
  ...['listen', 'data_dir', 'run_dir', 'log_level', 'workers', 'attempts', 'hypervisor', 'capacity', 'queue'],
  ...['cache', 'uploads', 'retention', 'limits', 'media'],
];

const valueAt = (document: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );

/** What is wrong, with the value that was found, where it may be shown and the message does not begin with it. */
const withFound = ({ path, message }: z.core.$ZodIssue, document: unknown): string => {
  const value = valueAt(document, path);
  if (!open.includes(String(path[0])) || message.startsWith('"')) return message;
  if (typeof value === 'string') return `${quoted(value)} ${message}`;
  return ['number', 'boolean'].includes(typeof value) ? `${String(value)} ${message}` : message;
};

const withKey = (path: readonly PropertyKey[], message: string): string => `${quoted(String(path.at(-1)))} ${message}`;

const keysAt = (place: readonly PropertyKey[]): readonly string[] =>
  Object.keys(shapeOf(place.reduce<unknown>((schema, key) => shapeOf(schema)[String(key)], Config)));

const fieldErrorsOf = (error: z.ZodError, document: unknown): FieldError[] =>
  ofRightKind(error.issues).flatMap((issue) => {
    if (issue.code === 'invalid_key')
      return [
        { pointer: issue.path.join('.'), message: withKey(issue.path, issue.issues[0]?.message ?? issue.message) },
      ];
    if (issue.code !== 'unrecognized_keys')
      return [{ pointer: issue.path.join('.'), message: withFound(issue, document) }];
    return issue.keys.map((key) => ({
      pointer: [...issue.path, key].join('.'),
      message: `there is no such key; ${didYouMean(key, keysAt(issue.path))}`,
    }));
  });

// sun_path holds 104 bytes on OpenBSD; a socket's name below run_dir takes up to 40.
const longestRunDir = 60;

/** Reads the text of a configuration file. Throws `configuration_invalid` with one line for each thing that is wrong. */
export const parseConfig = (text: string, file: string): Config => {
  let document;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = 'is not TOML'] = error.message.split('\n');
    throw invalid(`${file}:${error.line}:${error.column}`, [{ pointer: '', message: what }]);
  }
  const { document: now, moved, twice } = movedKeys(document);
  if (twice.length > 0) throw invalid(file, twice);
  const { data: config, error } = Config.safeParse(now);
  if (error) throw invalid(file, fieldErrorsOf(error, now));
  const run_dir = config.run_dir ?? join(config.data_dir, 'run');
  if (Buffer.byteLength(run_dir) > longestRunDir)
    throw invalid(file, [
      {
        pointer: 'run_dir',
        message: `${run_dir} is longer than ${longestRunDir} characters; sockets would not fit. Set a shorter run_dir.`,
      },
    ]);
  return { ...config, run_dir, moved };
};

/** Reads the configuration file. A missing one is an error: its path was asked for. */
export const readConfig = async (file: string): Promise<Config> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Fault(
      'configuration_invalid',
      `${file}: cannot be read: ${systemReason(error)}. Name another file with -f.`,
      {},
      { cause: error },
    );
  });
  return parseConfig(text, file);
};

/** Proves that the folders can be used and the media are there; makes data_dir and run_dir if only they are missing. */
export const checkConfig = async (config: Config, file: string): Promise<void> => {
  const errors: FieldError[] = [];
  const addError = (pointer: string, message: string) => errors.push({ pointer, message });
  for (const key of ['data_dir', 'run_dir'] as const) {
    const folder = config[key];
    try {
      // Not with its parents: what is not there is more often a slip than a wish, and on /proc Node would try for ever.
      await unlessErrno(mkdir(folder, { mode: 0o750 }), 'EEXIST');
      if (!(await stat(folder)).isDirectory()) addError(key, `${folder} is not a folder`);
      await access(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      addError(
        key,
        `${folder} cannot be written: ${systemReason(error)}. Make it, and give it to the user that runs imaged.`,
      );
    }
  }
  for (const [name, at] of Object.entries(config.media)) {
    await access(at, constants.R_OK).catch(() => addError(`media.${name}`, `${at} cannot be read`));
  }
  await checkMirror(config.mirror, addError);
  const { user } = config.hypervisor.qemu;
  if (user !== undefined && hypervisorTypeOf(config) === 'qemu' && process.platform === 'linux') {
    const found = await identityOf(user, new AbortController().signal);
    if (found === undefined) addError('hypervisor.qemu.user', `there is no user ${user} on this host`);
    if (found?.uid === 0) addError('hypervisor.qemu.user', `${user} is root, whom QEMU must not be`);
  }
  if (errors.length > 0) throw invalid(file, errors);
};

/** What starts machines on this host. */
export const hypervisorTypeOf = (
  { hypervisor: { type } }: Config,
  platform: string = process.platform,
): HypervisorName => (type === 'auto' ? (platform === 'openbsd' ? 'vmd' : 'qemu') : type);

/** What one build may write beside its disks. */
export const textLimitsOf = ({ limits: { log, console, events, requests, flood } }: Config) => ({
  logMb: log,
  consoleMb: console,
  ...{ events, requests, flood },
});

/** The file with the key of the store. */
export const keyFileOf = ({ secrets, data_dir }: Config): string => secrets.key_file ?? join(data_dir, 'secrets.key');

/** MiB of memory that all machines together may take. */
export const memoryMbOf = (config: Config): number =>
  config.capacity.memory ?? Math.floor((totalmem() / 2 ** 20) * 0.75);
