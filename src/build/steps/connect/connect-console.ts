import { Fault } from '../../../base/fault.ts';
import { connectConsole } from '../../../guest/console/connect.ts';
import type { GuestTerminal } from '../../../guest/console/terminal.ts';
import type { Guest } from '../../../guest/types.ts';
import type { ConsoleLogin } from '../../../template/spec.ts';
import { runtimeFactsOf } from '../../job.ts';
import type { Step } from '../../plan.ts';
import { converseWith, whileAlive, type Running } from '../../machine/running.ts';
import { turnsOf } from '../../machine/turns.ts';

// The communicator's own deadline ends with a better fault than the step's; the step's stands behind it.
const graceMs = 15_000;

const terminalOf = (running: Running, { turns }: ConsoleLogin): GuestTerminal => {
  const { console, machine } = running;
  return {
    type: (text, signal) => console.type(Buffer.from(text), signal),
    follow: (line) => console.follow({ heard: () => undefined, line, as: 'it came' }),
    logIn: (signal) => converseWith(running, turnsOf(turns, runtimeFactsOf(machine, undefined)), signal),
    conceal: console.conceal,
    onReset: machine.onRebooted,
  };
};

/** The first login on the serial line. */
export const connectOnConsole = (login: ConsoleLogin) =>
  ({
    name: 'connect',
    phase: 'connecting',
    timeoutMs: login.timeoutMs + graceMs,
    about: 'on the console',
    async run({ running }, { clock, signal, keep, activity }) {
      const { timeoutMs } = login;
      const logIn = (alive: AbortSignal) => connectConsole(terminalOf(running, login), { clock, timeoutMs }, alive);
      const guest = await activity.during(
        () => 'a login on the console was awaited',
        () => whileAlive(running, 'a login on the console', logIn, { clock, signal }),
      );
      return { guest: keep(guest) };
    },
    takeUp: {
      ended: () => Promise.reject(new Fault('not_taken_up', 'Nothing tells what the shell on the console was doing.')),
    },
  }) satisfies Step<{ running: Running }, { guest: Guest }>;
