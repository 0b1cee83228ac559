import { connectSsh } from '../../guest/ssh/connect.ts';
import { knownHostsIn } from '../../guest/ssh/files.ts';
import type { Guest, SshKey } from '../../guest/types.ts';
import type { Spec } from '../../template/spec.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';
import { whileAlive, type Running } from '../running.ts';

// The communicator's own deadline ends with a better fault than the step's; the step's stands behind it.
const graceMs = 15_000;

/** The first login: it waits while the guest boots. */
export const connect = ({ username, timeoutMs, port: guestPort }: NonNullable<Spec['communicator']>) =>
  ({
    name: 'connect',
    phase: 'connecting',
    timeoutMs: timeoutMs + graceMs,
    about: `ssh as ${username}`,
    async run({ job, running, key, workspace }, { clock, signal, keep, log, activity }) {
      const { host, port: forwarded } = running.machine.addresses.ssh;
      const spec = {
        host,
        port: forwarded,
        guestPort,
        username,
        keyFile: key.privateFile,
        knownHostsFile: knownHostsIn(workspace),
        folder: job.folders.machine(job.slot),
        timeoutMs,
      };
      let tally = 'a login by ssh was awaited';
      const onTally = (text: string) => {
        tally = text;
      };
      const logIn = (alive: AbortSignal) => connectSsh(spec, { clock, onNote: log, onTally }, alive);
      const guest = await activity.during(
        () => tally,
        () => whileAlive(running, 'a login by ssh', logIn, { clock, signal }),
      );
      return { guest: keep(guest) };
    },
  }) satisfies Step<{ job: Job; running: Running; key: SshKey; workspace: string }, { guest: Guest }>;
