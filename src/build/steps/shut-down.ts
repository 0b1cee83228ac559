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

// A guest that is still coming up may have nobody yet who looks at its power button, and the press is lost.
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

/** The guest powers off: by the template's command, else by its power button. Then the machine is let go. */
export const shutDown = (shutdown: Spec['shutdown']) =>
  ({
    name: 'shut-down',
    phase: 'sealing',
    timeoutMs: shutdown.timeoutMs + 30_000,
    async run({ running, guest, key }, { clock, log, said, signal }) {
      const expected = "the guest's own power-off";
      const tooLong = () =>
        new Fault(
          'guest_still_running',
          `The guest was still running ${shutdown.timeoutMs / 1000} s after it was asked to power off.`,
          {
            expected,
            saw: 'a running machine',
          },
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
    },
    takeUp: {
      // Nothing tells whether the guest has heard that it is to power off, unless it has done so.
      async cutShort({ running }) {
        const ending = await Promise.race([running.machine.ended, Promise.resolve()]);
        if (ending?.how !== 'halt')
          throw new Fault('not_taken_up', 'Nothing tells whether the guest was asked to power off.');
        await running[Symbol.asyncDispose]();
        return {};
      },
    },
  }) satisfies Step<{ running: Running; guest?: Guest; key?: SshKey }, object>;
