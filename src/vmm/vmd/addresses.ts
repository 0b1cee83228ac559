import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { retry } from '../../base/waiting.ts';
import { sharedAsk } from './shared-ask.ts';
import type { Addresses } from '../types.ts';
import { guestBeside, tapsIn, type Tap } from './taps.ts';

/** Looks for taps: one `ifconfig tap` serves every machine that waits for its own. */
export type FindTaps = (signal: AbortSignal) => Promise<readonly Tap[]>;

const apartMs = 50;

// vmd answers `start` before it has configured the interface; it takes it some tens of milliseconds.
const untilConfigured = { attempts: Infinity, firstMs: 20, growth: 1.3, mostMs: 500 };

export const tapFinder = (ifconfig: string, clock: Clock, life: AbortSignal): FindTaps =>
  sharedAsk(
    // Without any interface of the group it fails, which is no other answer than an empty list.
    async () => tapsIn((await runProgram(ifconfig, ['tap'], { signal: life, accept: 'any' })).stdout),
    apartMs,
    clock,
    life,
  );

const notYet = new Fault('hypervisor_failed', 'vmd has not configured the interface yet.');

/**
 * The address of the host's end of the machine's first interface, as soon as vmd has given it one (vmd(8), local
 * interfaces). Found by its description; a number of a tap means nothing. Rejects with the signal's reason.
 */
export const hostAddressOf = (
  { id, name }: { readonly id: number; readonly name: string },
  find: FindTaps,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> => {
  const look = async () => {
    const taps = await find(signal);
    const mine = taps.find((tap) => tap.vmId === id && tap.name === name && tap.nic === 0);
    if (mine?.host === undefined) throw notYet;
    return mine.host;
  };
  return retry(look, untilConfigured, (error) => error === notYet, clock, signal);
};

/** What follows from that address; without one the machine has no network. `sshPort`: the guest's own. */
export const addressesFrom = (host: string | undefined, endpointPort: number, sshPort: number): Addresses => {
  const hostIp = host ?? '0.0.0.0';
  const guestIp = host === undefined ? hostIp : guestBeside(host);
  const port = endpointPort === 80 ? '' : `:${endpointPort}`;
  return {
    guestIp,
    hostIp,
    // vmd makes one up each time and tells the guest alone.
    mac: '',
    http: { ip: hostIp, port: endpointPort, url: `http://${hostIp}${port}` },
    ...(host === undefined ? {} : { listen: { host, port: endpointPort, peer: guestIp } }),
    ssh: { host: guestIp, port: host === undefined ? 0 : sshPort },
  };
};
