import type { Clock } from '../../base/clock.ts';
import { Fault, faults, type FaultCode, type FaultFacts } from '../../base/fault.ts';
import type { Console, Turn } from '../../vmm/console/types.ts';
import type { Ending, Machine } from '../../vmm/types.ts';
import { orAborted } from '../../base/waiting.ts';

/** A machine that runs, with its console attached and, if it has a network, its endpoint open. */
export type Running = AsyncDisposable & {
  readonly machine: Machine;
  readonly console: Console;
  /** Whether nothing at all has come on the console since the machine started, or last reset itself. */
  readonly isSilent: () => boolean;
  /** What this host's mirror has failed to give the guest so far, by no fault of the guest. */
  readonly trouble: () => Fault | undefined;
  /** How the last connection went of which the guest had no whole reply, for people. */
  readonly cutOff: () => string | undefined;
};

/**
 * The fault of a guest that failed for want of what the host should have given it: then the host is to blame. A reply that
 * was cut off is told of, and no more: the guest may have hung up itself.
 */
export const behind = (fault: Fault, running: Pick<Running, 'trouble' | 'cutOff'> | undefined): Fault => {
  if (running === undefined || faults[fault.code].class !== 'guest') return fault;
  const trouble = running.trouble();
  const cutOff = running.cutOff();
  if (trouble === undefined) {
    // A machine that went took its connections along.
    if (cutOff === undefined || endings.includes(fault.code)) return fault;
    const message = `${fault.message} Before that, ${cutOff}. Either the guest hung up, or the program that carries its requests (nc under QEMU) has died.`;
    return new Fault(fault.code, message, { ...fault.facts, cutOff }, { cause: fault.cause });
  }
  const message = `${fault.message} Before that, this host could not give it a set: ${trouble.message}`;
  return new Fault(trouble.code, message, { ...trouble.facts, ...fault.facts }, { cause: fault });
};

/** The fault of a guest, with what the display of its machine showed last, where it has one. */
export const withDisplay = (fault: Fault, running: Pick<Running, 'console'> | undefined): Fault => {
  const isOfGuest = ['guest', 'timeout'].includes(faults[fault.code].class);
  const screen = isOfGuest && fault.facts.screen === undefined ? running?.console.display() : undefined;
  if (screen === undefined || screen === '') return fault;
  return new Fault(fault.code, fault.message, { ...fault.facts, screen }, { cause: fault.cause });
};

const waits: readonly FaultCode[] = ['console_silent', 'ssh_unreachable', 'step_timeout', 'build_timeout'];

/**
 * The fault of a wait for a guest that never said a word, with the likely cause: a boot loader may hang where it finds no
 * display, as GRUB's gfxterm does in a BIOS without a VGA. `displays` are those that a machine of this host could have.
 */
export const withSilence = (
  fault: Fault,
  running: Pick<Running, 'isSilent' | 'machine'> | undefined,
  displays: readonly string[],
): Fault => {
  if (running === undefined || !waits.includes(fault.code) || !running.isSilent()) return fault;
  const hangs = 'a boot loader that wants a display hangs without one';
  const [first] = displays;
  const advice = first === undefined ? '' : `; set "display" of "machine" to "${first}"`;
  const cause = running.machine.display === undefined ? `: ${hangs}${advice}` : '; see what its display shows';
  const message = `${fault.message} Nothing came on the console since the machine started${cause}.`;
  return new Fault(fault.code, message, fault.facts, { cause: fault.cause });
};

const codeOf = {
  halt: 'guest_halted',
  reboot: 'guest_rebooted',
  loop: 'guest_reboot_loop',
  panic: 'guest_panicked',
  crash: 'machine_crashed',
  full: 'storage_full',
  flood: 'guest_floods',
  killed: 'machine_stopped',
  cut: 'guest_still_running',
  stopped: 'machine_stopped',
} as const satisfies Record<Ending['how'], string>;

const endings: readonly FaultCode[] = Object.values(codeOf);

const words = {
  halt: 'The guest powered off',
  reboot: 'The guest rebooted',
  loop: 'The guest rebooted again and again',
  panic: 'The kernel of the guest panicked',
  crash: 'The machine went away by itself',
  full: 'The host had no room for what the guest wrote',
  flood: 'The guest flooded its hypervisor with events',
  killed: 'The machine was stopped from outside imaged',
  cut: 'The power of the guest was cut',
  stopped: 'The machine was stopped',
} as const satisfies Record<Ending['how'], string>;

/** The fault of a machine that ended while `expected` was due. */
export const endedTooEarly = (
  { how, detail }: Ending,
  expected: string,
  facts: Pick<FaultFacts, 'consoleTail' | 'screen'> = {},
  cause?: unknown,
): Fault =>
  new Fault(
    codeOf[how],
    `${words[how]} while ${expected} was awaited (${detail}).`,
    { ...facts, expected, saw: detail },
    { cause },
  );

// vmd's own limit is 3 restarts in quick succession (openbsd vmd(8), config_setvm); a guest that is being
// provisioned may reboot, but not this often within one step.
const mostReboots = 5;

/** Rejects when the guest's kernel panics, with what was due meanwhile. */
const panicWhile = ({ console }: Running, expected: () => string): Promise<never> =>
  console.panicked.catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message, { ...error.facts, expected: expected() }, { cause: error.cause });
  });

// A guest that halts ends its sshd first, and then takes some seconds to power off.
const mostMsToGo = 5_000;

/** Tells `seen` of the fault when the guest has rebooted too often while `expected` was due. */
const onRebootLoop = ({ machine }: Running, due: () => string, seen: (fault: Fault) => void): void => {
  let reboots = 0;
  machine.onRebooted(() => {
    if (++reboots <= mostReboots) return;
    const expected = due();
    const facts = { expected, saw: `${reboots} reboots` };
    seen(new Fault('guest_reboot_loop', `The guest rebooted ${reboots} times while ${expected} was awaited.`, facts));
  });
};

/**
 * Does `work` while watching the machine: its end, a panic on its console, and reboots without end each stop the
 * work at once with their own fault. `expected` says, for people, what the work was waiting for.
 */
export const whileAlive = async <T>(
  running: Running,
  expected: string,
  work: (signal: AbortSignal) => Promise<T>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> => {
  const { machine } = running;
  const watch = new AbortController();
  const both = AbortSignal.any([signal, watch.signal]);
  let over = false;
  const stop = (why: unknown) => {
    if (!over) watch.abort(why);
  };
  onRebootLoop(running, () => expected, stop);
  machine.ended.then((ending) => stop(endedTooEarly(ending, expected)), stop);
  panicWhile(running, () => expected).catch(stop);
  try {
    return await work(both);
  } catch (error) {
    both.throwIfAborted();
    // A machine that goes takes the connection along, and may be seen to go only after it: then its end is the cause.
    if (error instanceof Fault && error.code === 'ssh_broken') await clock.sleep(mostMsToGo, both);
    throw error;
  } finally {
    over = true;
  }
};

/**
 * Holds a conversation to its end. When the machine goes in the middle of it, the fault says how it went and which
 * text was still awaited; a guest that reboots without end is not waited for. Where it is
 * `due to go`, it cuts short the pauses
 * at the end of the conversation.
 */
export const converseWith = async (
  running: Running,
  turns: readonly Turn[],
  signal: AbortSignal,
  machineIs: 'to stay' | 'due to go' = 'to stay',
): Promise<void> => {
  const { machine, console } = running;
  const looping = new AbortController();
  const expected = () => console.awaiting() ?? 'the end of the conversation';
  onRebootLoop(running, expected, (fault) => looping.abort(fault));
  const both = AbortSignal.any([signal, looping.signal]);
  try {
    await Promise.race([console.converse(turns, both), panicWhile(running, expected)]);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'console_closed') throw error;
    if (machineIs === 'due to go' && error.facts['onlyWaitsLeft'] === true) return;
    const ending = await orAborted(machine.ended, signal);
    const { expected: due = expected(), screen } = error.facts;
    throw endedTooEarly(ending, due, screen === undefined ? {} : { screen }, error);
  }
};

/** Rejects with `console_refused` when a line of `refuse` comes, whatever else is being waited for. Never resolves. */
const refusedBy = async ({ console }: Running, refuse: readonly string[], signal: AbortSignal): Promise<never> => {
  const listening = { withinMs: 1, optional: false, echo: true, secret: false, keyIntervalMs: 0, refuse };
  try {
    await console.converse([{ ...listening, press: [{ waitMs: Infinity }] }], signal);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'console_closed') throw error;
  }
  return new Promise(() => undefined);
};

/**
 * Waits for the machine to go by itself, and for its last words; a line that matches one of `refuse` ends that. The
 * caller's signal bounds it.
 */
export const awaitEnd = async (running: Running, refuse: readonly string[], signal: AbortSignal): Promise<Ending> => {
  const { machine, console } = running;
  const panicked = panicWhile(running, () => "the machine's own end");
  const refused = refuse.length === 0 ? [] : [refusedBy(running, refuse, signal)];
  const ending = await orAborted(Promise.race([machine.ended, panicked, ...refused]), signal);
  await orAborted(console.drained, signal);
  return ending;
};
