import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Guest, SshKey } from '../../guest/types.ts';
import { render } from '../../template/language/render.ts';
import type { Spec } from '../../template/spec.ts';
import { orAborted } from '../../base/waiting.ts';
import { runtimeFactsOf } from '../job.ts';
import type { Step } from '../plan.ts';
import type { StepTools } from '../attempt/tools.ts';
import { awaitEnd, endedTooEarly, type Running } from '../machine/running.ts';

const isLostConnection = (error: unknown): boolean => error instanceof Fault && error.code === 'ssh_broken';

// A guest that is still coming up may not look at its power button yet, and the press is lost.
const pressAgainMs = 5000;

/** Presses the power button, again and again until the machine has gone. */
const press = async ({ machine }: Running, clock: Clock, signal: AbortSignal) => {
  const gone = new AbortController();
  void machine.ended.then(() => gone.abort());
  const both = AbortSignal.any([signal, gone.signal]);
  while (!gone.signal.aborted) {
    await machine.stop('ask', signal);
    await clock.sleep(pressAgainMs, both).catch(() => signal.throwIfAborted());
  }
};

const ask = async (
  { command }: Spec['shutdown'],
  running: Running,
  guest: Guest | undefined,
  key: SshKey | undefined,
  { clock, log, said }: Pick<StepTools, 'clock' | 'log' | 'said'>,
  signal: AbortSignal,
) => {
  if (command === undefined || guest === undefined) return press(running, clock, signal);
  const text = render(command, runtimeFactsOf(running.machine, key));
  try {
    const { exitCode } = await guest.run(text, { onLines: (lines) => said(lines, '  ') }, signal);
    log(`"${text}" ended with exit code ${exitCode}`);
  } catch (error) {
    // A guest that powers off takes the connection with it.
    if (!isLostConnection(error)) throw error;
  }
};

// A guest that an earlier daemon has asked is off soon.
const mostMsToPowerOff = 10_000;

const expected = "the guest's own power-off";

type Needs = { running: Running; guest?: Guest; key?: SshKey };

/** The guest powers off: by the template's command, else by its power button. Then the machine is let go. */
export const shutDown = (shutdown: Spec['shutdown']) => {
  const run = async ({ running, guest, key }: Needs, { clock, log, said, signal }: StepTools): Promise<object> => {
    const tooLong = () =>
      new Fault(
        'guest_still_running',
        `The guest was still running ${shutdown.timeoutMs / 1000} s after it was asked to power off.`,
        { expected, saw: 'a running machine' },
      );
    using deadline = clock.deadline(shutdown.timeoutMs, signal, tooLong);
    // A command that powers the machine off may never report its own end.
    const asked = ask(shutdown, running, guest, key, { clock, log, said }, deadline.signal);
    const ending = await orAborted(
      Promise.race([running.machine.ended, asked.then(() => awaitEnd(running, [], deadline.signal))]),
      deadline.signal,
    );
    if (ending.how !== 'halt') throw endedTooEarly(ending, expected);
    await guest?.[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
    return {};
  };
  return {
    name: 'shut-down',
    phase: 'sealing',
    timeoutMs: shutdown.timeoutMs + 30_000,
    run,
    takeUp: {
      async cutShort(needs, tools) {
        // Pressing a power button once more does no harm.
        if (shutdown.command === undefined) return run({ running: needs.running }, tools);
        // Nothing tells whether the guest has heard that it is to power off, unless it has done so, or does so now.
        const unknown = () => new Fault('not_taken_up', 'Nothing tells whether the guest was asked to power off.');
        using deadline = tools.clock.deadline(mostMsToPowerOff, tools.signal, unknown);
        const ending = await orAborted(needs.running.machine.ended, deadline.signal);
        if (ending.how !== 'halt') throw endedTooEarly(ending, expected);
        await needs.running[Symbol.asyncDispose]();
        return {};
      },
    },
  } satisfies Step<Needs, object>;
};
