import type { Clock } from '../base/clock.ts';
import { hypervisorTypeOf, memoryMbOf, type Config } from '../config/config.ts';
import { descriptorLimit } from '../base/descriptors.ts';
import { askHost } from '../host/ask-host.ts';
import { makeHost } from '../host/make-host.ts';
import { daemonUser, userName } from '../host/people.ts';
import { portState } from '../host/port-state.ts';
import { hostChecksFor } from '../host/checks.ts';
import type { HostAsked, Finding } from '../host/types.ts';
import { freeMb } from '../image/space.ts';

const modules = {
  'better-sqlite3': async () => (await import('../queue/sqlite/try-sqlite.ts')).trySqlite(),
  'node-pty': async () => void (await import('../vmm/vmd/pty-line.ts')),
};

export type HostChecks = { readonly ask: (signal: AbortSignal) => Promise<readonly Finding[]> };

/**
 * Hands the rooms' answers to those who ask whether this host is fit. `isDaemon`: this process is the daemon, and what
 * `judgedElsewhere` names is left out.
 */
export const hostChecksOf = async (
  config: () => Config,
  {
    hypervisor,
    clock,
    isDaemon,
    judgedElsewhere = [],
  }: {
    readonly hypervisor: HostAsked['hypervisor'];
    readonly clock: Clock;
    readonly isDaemon: boolean;
    readonly judgedElsewhere?: readonly string[];
  },
): Promise<HostChecks> => {
  const host = makeHost({ clock });
  const { mirror } = config();
  const { uid, gids } = host.self;
  const user = isDaemon ? { name: await userName(host, uid), uid, gids } : await daemonUser(host, config().data_dir);
  const asked: HostAsked = {
    host,
    config: config(),
    user,
    hypervisor,
    freeMb,
    openFiles: descriptorLimit(),
    memoryMb: memoryMbOf(config()),
    mirrorKeys: (mirror.directory ?? mirror.upstream) === undefined ? undefined : mirror.keys,
    node: { path: process.execPath, version: process.versions.node },
    modules,
    port: portState,
  };
  const checks = hostChecksFor(hypervisorTypeOf(config(), host.platform), host.platform).filter(
    ({ name }) => !judgedElsewhere.includes(name),
  );
  return { ask: (signal) => askHost(checks, { ...asked, config: config() }, clock, signal) };
};
