import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from './fault.ts';

// Of an idle daemon 29 were seen: Node's own, and 5 of the store. The rest is for files in flight and the mirror's fetching.
const ofDaemon = 64;

/** Connections that a guest may hold to the endpoint of its machine; each may have a file open. */
export const connectionsOfEndpoint = 16;

// Of a build over ssh 11 were seen at once: serial line, QMP or pseudo terminal, transcript, log, listener, and the pipes of
// ssh and of the program that runs beside it. A program that is being started takes 8 more for an instant.
const ofWorker = 20 + 2 * connectionsOfEndpoint;

// A download and a follower of a log have a file open beside their connection.
const ofConnection = 2;

// Below this, one CI with a few pollers fills the API.
const fewestConnections = 16;

// Each connection costs memory, about 20 KB; more than this is no use of one host.
const mostConnections = 4096;

const ofMachines = (workers: number): number => ofDaemon + workers * ofWorker;

/** How many files must be open at once for this many workers and the fewest clients. */
export const descriptorsNeeded = (workers: number, connections = fewestConnections): number =>
  ofMachines(workers) + connections * ofConnection;

// How many connections the API may hold beside what the daemon and its machines need.
const connectionsWithin = (limit: number, workers: number): number =>
  Math.min(mostConnections, Math.floor((limit - ofMachines(workers)) / ofConnection));

const Report = z.looseObject({
  userLimits: z.looseObject({ open_files: z.looseObject({ soft: z.union([z.number(), z.literal('unlimited')]) }) }),
});

const limitOf = (soft: number | string): number => (soft === 'unlimited' ? Infinity : Number(soft));

// Linux has it in a file (proc_pid_limits(5)).
const ofLinux = '/proc/self/limits';

const limitOfLinux = (): number | undefined => {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(readFileSync(ofLinux, 'utf8')) ?? [];
  return soft === undefined ? undefined : limitOf(soft);
};

/** The same from Node's report, which knows it on every system, and takes 10 ms. */
export const limitOfReport = (): number => {
  // It would ask name servers about every open socket.
  Object.assign(process.report, { excludeNetwork: true });
  return limitOf(Report.parse(process.report.getReport()).userLimits.open_files.soft);
};

/** How many files this process may have open. Node raises the soft limit to the hard one when it starts, so that is what counts. */
export const descriptorLimit = (): number => (existsSync(ofLinux) ? limitOfLinux() : undefined) ?? limitOfReport();

/** What raises the limit on this system. */
export const howToRaise = (needed: number, platform: string): string =>
  platform === 'openbsd'
    ? `set openfiles-cur=${needed} in /etc/login.conf.d/imaged, then rcctl restart imaged`
    : `raise it with LimitNOFILE=${needed} in the systemd unit, or ulimit -n ${needed} in the shell`;

/** Throws `configuration_invalid` when the limit is too low for the workers, or for the connections that are configured. */
export const checkDescriptors = (
  {
    workers,
    limits: { connections },
  }: { readonly workers: number; readonly limits: { readonly connections?: number | undefined } },
  limit: number,
  platform: string = process.platform,
): void => {
  const needed = descriptorsNeeded(workers, connections);
  if (limit >= needed) return;
  const clients = connections === undefined ? '' : ` and ${connections} connections`;
  throw new Fault(
    'configuration_invalid',
    `This process may open ${limit} files, and ${workers} workers${clients} need ${needed}: ${howToRaise(needed, platform)}, or set fewer ${connections === undefined ? 'workers' : 'workers or connections'}.`,
    { saw: String(limit), expected: String(needed) },
  );
};

/** What the API may hold under this limit: what the configuration says, else what the limit leaves. */
export const connectionLimits = (
  limit: number,
  {
    workers,
    limits: { connections = connectionsWithin(limit, workers), connections_per_address, waits_per_token },
  }: {
    readonly workers: number;
    readonly limits: {
      readonly connections?: number | undefined;
      readonly connections_per_address?: number | undefined;
      readonly waits_per_token?: number | undefined;
    };
  },
) => ({
  connections: {
    all: connections,
    perAddress: connections_per_address ?? Math.max(1, Math.floor(connections / 2)),
  },
  waitsPerToken: waits_per_token ?? Math.max(1, Math.floor(connections * 0.75)),
});
