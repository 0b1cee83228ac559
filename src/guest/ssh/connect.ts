import { rm } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { orAborted, retry } from '../../base/waiting.ts';
import { makeLogins } from '../logins.ts';
import { downloadBy } from './download.ts';
import { uploadBy } from './upload.ts';
import { ownShells, type OwnShells } from './own-shell.ts';
import { runOnTerminal, runPlainly, type RemoteEnd } from './run.ts';
import { removeCredentials, writeCredentials } from './credentials.ts';
import { awaitBanner } from './banner.ts';
import { openMaster, type SshMaster } from './master.ts';
import { makeTally } from './tally.ts';
import { configFile, controlSocket, sshLine, writeSshConfig } from './options.ts';
import { expectedOf, makeSshWords } from './words.ts';
import type { Guest, SshGuest, SshSpec } from '../types.ts';

type Tools = {
  readonly clock: Clock;
  /** What a person who waits wants to know: why the guest cannot be reached yet. Each reason is told once. */
  readonly onNote: (text: string) => void;
  /** Told again and again how often which reason was met so far, as a clause. */
  readonly onTally?: (text: string) => void;
};

const firstSilentMs = 2500;
const mostSilentMs = 10_000;

// A server may say something else each time.
const mostNotes = 50;

// A system that boots for the first time may write authorized_keys after its sshd has begun to listen.
// As many as Packer tries by itself.
const deniedAttempts = 10;

/** Throws `ssh_broken` where the connection went before the command ended. */
const ownEnd = async (
  { exitCode, isOwn }: RemoteEnd,
  { host, port }: SshSpec,
  master: SshMaster | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number }> => {
  if (isOwn) return { exitCode };
  const hasGone = await awaitGone(master, clock, signal);
  const why = master?.lastWords() ?? '';
  const saw = why.split('\n').at(-1) || '';
  const what = hasGone
    ? `The connection to ${host}:${port} ended before the command did: ${saw || 'ssh gave no reason'}`
    : `The session ended without an exit code, and the connection to ${host}:${port} stands: ${saw || 'the command was killed, or what runs it'}`;
  throw new Fault('ssh_broken', what, {
    expected: 'the end of the command',
    saw: saw || (hasGone ? 'the end of the connection' : 'the end of its session'),
    ...{ host, port, stderr: why },
  });
};

/** Runs commands over the master that there is when they begin. Throws `ssh_broken` when it goes before they end. */
const runOver = (
  spec: SshSpec,
  shells: OwnShells,
  current: (signal: AbortSignal) => Promise<SshMaster | undefined>,
  clock: Clock,
): Pick<Guest, 'run' | 'runOwn'> => ({
  run: async (command, { onLines, onBytes, input }, signal) => {
    const master = await current(signal);
    await orAborted(shells.rest(), signal);
    const onTerminal = spec.pty === true && input === undefined && onBytes === undefined;
    const run = onTerminal ? runOnTerminal : runPlainly;
    const end = await run(spec.folder, command, { onLines, onBytes, input }, signal);
    return ownEnd(end, spec, master, clock, signal);
  },
  runOwn: async (script, heard, signal) => {
    const master = await current(signal);
    const end = await shells.run(script, heard, signal);
    return ownEnd(end, spec, master, clock, signal);
  },
});

/** What a command says is not told any more when nobody waits for it. */
const unlessAborted =
  <A extends readonly unknown[]>(signal: AbortSignal, take: (...args: A) => Promise<void> | void) =>
  (...args: A) =>
    signal.aborted ? undefined : take(...args);

type Heard = Parameters<Guest['runOwn']>[1];

/** The same where an abort ends the wait at once. `running` has those that have not ended. */
const untilAborted =
  <What, Options extends Heard>(
    run: (what: What, options: Options, signal: AbortSignal) => Promise<{ readonly exitCode: number }>,
    running: Set<Promise<unknown>>,
  ): typeof run =>
  (what, options, signal) => {
    const { onLines, onBytes } = options;
    const heard = {
      onLines: unlessAborted(signal, onLines),
      ...(onBytes === undefined ? {} : { onBytes: unlessAborted(signal, onBytes) }),
    };
    const ran = run(what, { ...options, ...heard }, signal);
    running.add(ran);
    const forget = () => running.delete(ran);
    ran.then(forget, forget);
    // The master keeps the pipes of an aborted command until the guest ends it, so its end is not waited for here.
    return orAborted(ran, signal);
  };

/**
 * Waits until the guest lets the build log in, and holds one connection from then on. Throws `ssh_unreachable` when
 * `timeoutMs` is over, `ssh_denied`, `host_key_changed`, `program_missing`, or the signal's reason.
 */
export const connectSsh = async (spec: SshSpec, tools: Tools, signal: AbortSignal): Promise<SshGuest> => {
  const running = new Set<Promise<unknown>>();
  const shells = ownShells(spec.folder);
  await writeCredentials(spec);
  await writeSshConfig(spec);
  let master: SshMaster | undefined = await logIn(spec, tools, signal);
  // A login that is under way when this guest is let go of is not to leave a connection.
  const life = new AbortController();

  const letGo = async () => {
    await master?.[Symbol.asyncDispose]();
    master = undefined;
    // They end by themselves now that their connection has gone; their callers hear of it.
    await Promise.allSettled(running);
    await shells.rest();
    await rm(controlSocket(spec), { force: true });
  };
  const end = async () => {
    life.abort(new Error('The guest was let go of.'));
    await letGo();
    await rm(configFile(spec), { force: true });
    await removeCredentials(spec);
  };

  const logins = makeLogins(async (withinMs, until) => {
    master = await logIn({ ...spec, timeoutMs: withinMs }, tools, AbortSignal.any([until, life.signal]));
  }, spec.timeoutMs);
  const current = async (until: AbortSignal) => {
    await logins.ready(until);
    return master;
  };

  const over = runOver(spec, shells, current, tools.clock);
  const run = untilAborted(over.run, running);
  return {
    run,
    runOwn: untilAborted(over.runOwn, running),
    upload: uploadBy(run),
    download: downloadBy(run),
    reconnect: async (again) => {
      await letGo();
      await logins.again(again);
    },
    ...(spec.pty === undefined ? { isOutlived: true as const } : {}),
    login: spec,
    sshLine: sshLine(spec),
    [Symbol.asyncDispose]: end,
  };
};

// A command hears of the end of its connection, and the master's own end is told some milliseconds later.
const mostMsToGo = 1000;

/**
 * Whether the master has gone, or goes now. Throws `program_failed` when it was killed: then neither the guest nor its network is to
 * blame.
 */
const awaitGone = async (master: SshMaster | undefined, clock: Clock, signal: AbortSignal): Promise<boolean> => {
  if (master === undefined) return true;
  using deadline = clock.deadline(mostMsToGo, signal, () => new Error('the master goes on'));
  const gone = master.gone.then((killed) => ({ killed }));
  const end = await orAborted(gone, deadline.signal).catch(() => undefined);
  if (end === undefined) return false;
  const { killed } = end;
  if (killed === undefined) return true;
  const message = `ssh was killed by ${killed}, and with it the connection to the guest.`;
  throw new Fault('program_failed', message, { program: 'ssh', signal: killed });
};

const logIn = async (spec: SshSpec, { clock, onNote, onTally }: Tools, signal: AbortSignal): Promise<SshMaster> => {
  const { host, port, timeoutMs } = spec;
  const noted = new Set<string>();
  const tally = makeTally();
  const count = (what: string) => onTally?.(`${expectedOf(spec)} was awaited; ${tally.add(what)}`);
  let words = makeSshWords(spec);
  let attempts = 0;
  let denied = 0;
  let latest: Fault | undefined;
  const tooLate = () =>
    new Fault(
      latest?.code === 'ssh_denied' ? 'ssh_denied' : 'ssh_unreachable',
      `The guest could not be logged in to within ${timeoutMs / 1000} s: ${latest?.message ?? words.reached()}${tally.told()}`,
      {
        expected: expectedOf(spec),
        saw: latest?.facts.saw ?? words.reached(),
        ...{ host, port, attempts, reached: latest?.facts['reached'] ?? words.reached(), stderr: words.last() },
      },
      { cause: latest },
    );
  const note = (text: string) => {
    if (!noted.has(text) && noted.size < mostNotes) onNote(text);
    if (noted.size < mostNotes) noted.add(text);
  };
  const onSeen = (what: string) => {
    latest = words.notYet(what);
    note(latest.message);
    count(what);
  };
  using whole = clock.deadline(timeoutMs, signal, tooLate);
  // Awaited here: `using` lets the time limit go when this function returns.
  return await retry(
    async (attempt) => {
      attempts = attempt;
      words = makeSshWords(spec);
      // Once one has spoken, connections side by side would only keep a slow server busy.
      if (attempt === 1 && spec.bastion === undefined && spec.isUp === undefined)
        await awaitBanner(spec, { clock, onSeen }, whole.signal);
      // What was met before a server spoke is no reason of what comes now.
      if (attempt === 1) latest = undefined;
      // Left by a master that was killed: the next one would refuse to listen.
      await rm(controlSocket(spec), { force: true });
      // Through a bastion, the login there comes first.
      const firstMs = spec.bastion === undefined ? firstSilentMs : mostSilentMs;
      const silentMs = Math.min(firstMs * 1.25 ** (attempt - 1), mostSilentMs);
      return openMaster(spec, words, Math.round(silentMs), clock, whole.signal);
    },
    { attempts: Infinity, firstMs: 100, growth: 1.3, mostMs: 1000 },
    (error) => {
      if (!(error instanceof Fault)) return false;
      note(error.message);
      latest = error;
      count(error.facts.saw ?? error.message);
      if (error.code === 'ssh_denied') return ++denied < (spec.handshakeAttempts ?? deniedAttempts);
      return error.code === 'ssh_unreachable';
    },
    clock,
    whole.signal,
  );
};
