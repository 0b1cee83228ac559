import { asFault, Fault } from '../../../base/fault.ts';
import { deferred } from '../../../base/waiting.ts';
import type { Guest } from '../../../guest/types.ts';
import type { Spec } from '../../../template/spec.ts';
import type { Disk } from '../../../vmm/types.ts';
import { launch, takeUp, type Launch } from '../../machine/launch.ts';
import type { Cut } from '../../layers/cuts.ts';
import { longest } from '../../layers/flatten.ts';
import type { Layering } from '../../layers/layering.ts';
import { neverUp } from '../../layers/make-layering.ts';
import { isShutdownAlone } from '../../layers/restarts.ts';
import type { Step } from '../../plan.ts';
import type { Running } from '../../machine/running.ts';
import type { Restarting } from '../../take-up/journal.ts';
import { letGo } from '../../take-up/let-go.ts';
import { machineAgain } from '../../take-up/machine-again.ts';
import type { StepTools } from '../../attempt/tools.ts';
import { bootOf } from '../install/boot-of.ts';
import { keepAtRest, type AtRest, type Rested } from './keep-layer.ts';
import { shutDown } from '../shut-down.ts';

type Needs = AtRest & { readonly running: Running; readonly guest: Guest };
type Up = Rested & { readonly running: Running; readonly guest: Guest };
type Gives = Up & { readonly startedAnew: boolean };

/** The step that logs in to the guest: it is run again. */
export type LogIn<Kind> = Pick<Step<Kind, { guest: Guest }>, 'run' | 'timeoutMs'>;

const bootMs = 60_000;

// A disk of some 30 GB.
const flattenMs = 300_000;

const nameOf = ({ step }: Cut): string => `keep-after-${step}`;

const machineOf = ({ job, key }: AtRest, disks: readonly Disk[]): Launch => ({
  ...{ job, disks, key, onReboot: 'again' },
  boot: job.spec.install === undefined ? bootOf(job, key) : { device: 'disk' },
});

/** The template's own command where that does nothing else, or the power button. */
const cleanly = ({ command, timeoutMs }: Spec['shutdown']): Spec['shutdown'] => ({
  timeoutMs,
  ...(command !== undefined && isShutdownAlone(command) ? { command } : {}),
});

/** What went wrong with a guest that would have run on otherwise, with what to do. */
const behindRestart = (error: unknown, { step }: Cut): Fault => {
  const { code, message, facts, cause } = asFault(error);
  const advice = `The guest was being started anew, to be kept after ${step}. Where it must not be, set "checkpoint" of that provisioner to false.`;
  return new Fault(code, `${message} ${advice}`, facts, { cause });
};

/** Whether the disks have room for one more over them; says so where they have not. */
const hasRoom = async (disks: readonly Disk[], cut: Cut, layering: Layering, tools: StepTools): Promise<boolean> => {
  const { hypervisor, clock, signal } = tools;
  // What is asked for is waited for.
  if (cut.checkpoint === true) {
    const over = new AbortController();
    const patience = clock.sleep(flattenMs, AbortSignal.any([signal, over.signal])).catch(() => undefined);
    await Promise.race([layering.settled(), patience]);
    over.abort();
    signal.throwIfAborted();
  }
  const images = await longest(disks);
  const { most } = hypervisor.chains;
  if (images > most)
    layering.notKept(cut, `${images} images lie upon each other, and what was kept before is still being flattened`);
  return images <= most;
};

/** Shuts the guest down, keeps its disks, starts it over them and logs in to it. Undefined: it was left as it was. */
const restart = async <Kind extends Needs>(
  needs: Kind,
  cut: Cut,
  layering: Layering,
  logIn: LogIn<Kind>['run'],
  tools: StepTools,
): Promise<Up | undefined> => {
  const proof = deferred<string | undefined>();
  let down: Promise<unknown> | undefined;
  // Only when there is a place for what is to be kept.
  const askedAt = tools.clock.now();
  const write = (how: Omit<Restarting, 'step' | 'askedAt'>) =>
    tools.place.keepRestarting({ step: nameOf(cut), askedAt, ...how });
  const shutDownNow = async () => {
    await write({});
    down = shutDown(cleanly(needs.job.spec.shutdown)).run(needs, tools);
    await down;
  };
  try {
    const rest = await keepAtRest(needs, cut, layering, tools, { shutDown: shutDownNow, proof: proof.promise });
    const { disks, kept } = rest;
    if (down === undefined) return undefined;
    await down;
    const rested = kept && { disks: [...disks], kept };
    if (rested !== undefined) await write({ rested });
    const running = tools.attend(await launch(machineOf(needs, disks), tools));
    if (rested !== undefined) await write({ rested, isUp: true });
    const { guest } = await logIn({ ...needs, running, disks }, tools);
    proof.resolve(undefined);
    return { ...rest, running, guest };
  } catch (error) {
    proof.resolve(neverUp);
    tools.signal.throwIfAborted();
    throw behindRestart(error, cut);
  }
};

/** Goes on where the disks of the guest were at rest. Throws `not_taken_up` where they were not, or are not there any more. */
const goOnWithRestart = async <Kind extends Needs>(
  needs: Kind,
  cut: Cut,
  layering: Layering,
  logIn: LogIn<Kind>['run'],
  left: Restarting,
  tools: StepTools,
): Promise<Up> => {
  const { rested } = left;
  const prove = layering.proofOf(cut);
  if (rested === undefined || prove === undefined)
    throw new Fault('not_taken_up', 'Nothing tells how far the guest was shut down, to be started anew.');
  // As they were written.
  const disks = rested.disks as readonly Disk[];
  try {
    const running = tools.attend(await machineAgain(machineOf(needs, disks), left, tools));
    const { guest } = await logIn({ ...needs, running, disks }, tools);
    prove();
    return { running, guest, ...rested, disks };
  } catch (error) {
    prove(neverUp);
    tools.signal.throwIfAborted();
    throw asFault(error).code === 'not_taken_up' ? error : behindRestart(error, cut);
  }
};

/** What the step gave that an earlier daemon has seen to its end. */
const upAgain = async <Kind extends Needs>(
  needs: Kind,
  cut: Cut,
  logIn: LogIn<Kind>['run'],
  tools: StepTools,
): Promise<Gives> => {
  const { place } = tools;
  const given = place.given(nameOf(cut));
  const startedAnew = given['startedAnew'] === true;
  // As it was written.
  const disks = given['disks'] as readonly Disk[];
  if (!startedAnew) return { running: needs.running, guest: needs.guest, disks, startedAnew };
  if (place.hadEnded('shut-down') || place.startedAnew() !== nameOf(cut))
    return { running: letGo<Running>('The machine'), guest: letGo<Guest>('The login'), disks, startedAnew };
  const running = tools.attend(await takeUp(machineOf(needs, disks), tools));
  if (place.hadBegun('shut-down')) return { running, guest: letGo<Guest>('The login'), disks, startedAnew };
  const { guest } = await logIn({ ...needs, running, disks }, tools);
  return { running, guest, disks, startedAnew };
};

/** Where a hypervisor keeps no machine that runs: starts the guest anew, where its disks are worth to be kept. */
export const keepByRestart = <Kind extends Needs>(
  cut: Cut,
  shutdown: Spec['shutdown'],
  layering: Layering,
  logIn: LogIn<Kind>,
) => {
  const name = nameOf(cut);
  const run: Step<Kind, Gives>['run'] = async (needs, tools) => {
    const { running, guest, disks } = needs;
    const { clock, past } = tools;
    const asItIs = { running, guest, disks, startedAnew: false };
    if (!layering.isWorthRestart(cut, past.steps())) {
      layering.passed(cut);
      return asItIs;
    }
    if (!(await hasRoom(disks, cut, layering, tools))) return asItIs;
    const began = clock.elapsed();
    const up = await restart(needs, cut, layering, logIn.run, tools);
    if (up === undefined) return asItIs;
    layering.restarted(name, (clock.elapsed() - began) / 1000);
    return { ...up, startedAnew: true };
  };
  return {
    name,
    type: 'keep-by-restart',
    // In the middle of it there is no machine to go on with.
    phase: 'booting',
    timeoutMs: 2 * shutdown.timeoutMs + bootMs + logIn.timeoutMs + (cut.checkpoint === true ? flattenMs : 0),
    about: 'for later builds',
    run,
    takeUp: {
      writes: ({ disks, kept, startedAnew }) => ({ disks, kept, startedAnew }),
      ended: (needs, tools) => upAgain(needs, cut, logIn.run, tools),
      async cutShort(needs, tools) {
        const left = tools.place.restarting();
        // It had not asked anything of the guest yet.
        if (left?.step !== name) return run(needs, tools);
        const up = await goOnWithRestart(needs, cut, layering, logIn.run, left, tools);
        layering.restarted(name);
        return { ...up, startedAnew: true };
      },
    },
  } satisfies Step<Kind, Gives>;
};
