import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import { connectSsh } from '../../../guest/ssh/connect.ts';
import { knownHostsIn } from '../../../guest/ssh/files.ts';
import type { Credentials, Guest, SshKey, SshSpec } from '../../../guest/types.ts';
import type { LoginProofs, SshLogin, TextOrFile } from '../../../template/spec.ts';
import type { Job } from '../../job.ts';
import { faultOfKept, type GoneOn } from '../../layers/unusable.ts';
import type { Step } from '../../plan.ts';
import { whileAlive, type Running } from '../../machine/running.ts';
import { hasLetGo, letGo } from '../../take-up/let-go.ts';
import type { StepTools } from '../../attempt/tools.ts';

// The communicator's own deadline ends with a better fault than the step's; the step's stands behind it.
const graceMs = 15_000;

const textOf = async (from: TextOrFile): Promise<string> =>
  'text' in from ? from.text : readFile(from.file.path, 'utf8');

const credentialsOf = async ({ privateKey, certificate, password }: LoginProofs): Promise<Credentials> => ({
  ...(privateKey === undefined ? {} : { privateKey: await textOf(privateKey) }),
  ...(certificate === undefined ? {} : { certificate: await textOf(certificate) }),
  ...(password === undefined ? {} : { password }),
});

type Needs = { readonly job: Job; readonly running: Running; readonly key: SshKey; readonly workspace: string };

const sshSpecOf = async (
  login: SshLogin,
  goneOn: GoneOn | undefined,
  { job, running, key, workspace }: Needs,
): Promise<SshSpec> => {
  const { host, port } = running.machine.addresses.ssh;
  const { username, timeoutMs, handshakeAttempts, keepAliveMs, readWriteTimeoutMs, pty, bastion } = login;
  return {
    ...{ host, port, guestPort: login.port, username, timeoutMs },
    keyFile: key.privateFile,
    knownHostsFile: knownHostsIn(workspace),
    folder: job.folders.machine(job.slot),
    credentials: await credentialsOf(login),
    ...(bastion === undefined
      ? {}
      : {
          bastion: {
            ...{ host: bastion.host, port: bastion.port, username: bastion.username },
            ...(await credentialsOf(bastion)),
          },
        }),
    ...(handshakeAttempts === undefined ? {} : { handshakeAttempts }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    ...(readWriteTimeoutMs === undefined ? {} : { readWriteTimeoutMs }),
    ...(pty === undefined ? {} : { pty }),
    ...(goneOn === undefined ? {} : { isUp: true }),
  };
};

/** As Packer's pause_before_connecting: the first login proves that there is one, and the one after the pause is used. */
const afterPause = async (
  ms: number,
  logIn: () => Promise<Guest>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Guest> => {
  const first = await logIn();
  if (ms === 0) return first;
  await first[Symbol.asyncDispose]();
  await clock.sleep(ms, signal);
  return logIn();
};

const logInBy =
  (login: SshLogin, goneOn: GoneOn | undefined, isTakenUp = false) =>
  async (needs: Needs, { clock, signal, keep, log, activity }: StepTools): Promise<{ guest: Guest }> => {
    const { running } = needs;
    const spec = await sshSpecOf(login, goneOn, needs);
    let tally = 'a login by ssh was awaited';
    const onTally = (text: string) => {
      tally = text;
    };
    const logIn = (alive: AbortSignal) =>
      afterPause(
        login.pauseBeforeConnectingMs,
        () => connectSsh(spec, { clock, onNote: log, onTally }, alive),
        clock,
        alive,
      );
    const loggedIn = activity.during(
      () => tally,
      () => whileAlive(running, 'a login by ssh', logIn, { clock, signal }),
    );
    return {
      guest: keep(
        await loggedIn.catch((error: unknown) => {
          throw goneOn === undefined || signal.aborted ? error : faultOfKept(goneOn, error, 'log in to it', isTakenUp);
        }),
      ),
    };
  };

/** The first login: it waits while the guest boots, or finds it where it was logged in to before. */
export const connect = (login: SshLogin, goneOn?: GoneOn) =>
  ({
    name: 'connect',
    phase: 'connecting',
    timeoutMs: (login.pauseBeforeConnectingMs > 0 ? 2 : 1) * login.timeoutMs + login.pauseBeforeConnectingMs + graceMs,
    about: `ssh as ${login.username}`,
    run: logInBy(login, goneOn),
    takeUp: {
      async ended(needs, tools) {
        if (tools.place.hadBegun('shut-down') || hasLetGo(tools.place)) return { guest: letGo<Guest>('The login') };
        return logInBy(login, goneOn, true)(needs, tools);
      },
      cutShort: logInBy(login, goneOn, true),
    },
  }) satisfies Step<Needs, { guest: Guest }>;
