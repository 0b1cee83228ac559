import { Fault } from '../../base/fault.ts';
import type { Guest, SshKey } from '../../guest/types.ts';
import type { ConsoleTools } from '../../provisioners/kind.ts';
import { planOf, runInGuest, runOnConsole, type ConsoleType, type ProvisionerSpec } from '../../provisioners/table.ts';
import { tryAgain } from '../../provisioners/try-again.ts';
import { doingNow } from '../machine/doing.ts';
import { downloadedFile } from '../downloaded-file.ts';
import { runtimeFactsOf, type Job } from '../job.ts';
import { pauseBuild } from './pause.ts';
import { onHost } from '../on-host/on-host.ts';
import type { Step } from '../plan.ts';
import { converseWith, whileAlive, type Running } from '../machine/running.ts';
import { goesOnByRunning } from '../take-up/goes-on-by-running.ts';
import type { StepTools } from '../attempt/tools.ts';
import { turnsOf } from '../machine/turns.ts';

type Needs = { readonly job: Job; readonly running: Running; readonly key?: SshKey };

// The deadline of each try ends with a better fault; the step's stands behind it.
const graceMs = 60_000;

const headOf = (spec: ProvisionerSpec) => ({
  name: spec.name,
  type: spec.type,
  phase: 'provisioning' as const,
  timeoutMs: spec.pauseBeforeMs + (spec.maxRetries + 1) * spec.timeoutMs + graceMs,
  about: planOf(spec),
});

const toolsOf = (
  spec: ProvisionerSpec,
  needs: Needs & { readonly guest?: Guest },
  tools: StepTools,
  isConstant = false,
): ConsoleTools => {
  const { job, running, key } = needs;
  const { clock, ids, said, activity } = tools;
  const runtime = runtimeFactsOf(running.machine, key);
  return {
    build: { id: job.id, templateName: job.spec.name },
    runtime,
    ...(isConstant ? { isConstant } : {}),
    converse: (turns, signal) => converseWith(running, turnsOf(turns, runtime), signal),
    pause: (note, signal) => {
      const { name, timeoutMs } = spec;
      return pauseBuild({ buildId: job.id, name, timeoutMs, note, running, guest: needs.guest }, tools, signal);
    },
    onHost: (who, work) => onHost({ slot: job.slot, workspace: job.folders.work(job.slot) }, who, work),
    scripts: tools.place.scripts,
    ansiblePlaybook: tools.ansiblePlaybook,
    downloadedFile: (name) => downloadedFile(job.folders.work(job.slot), name),
    onLines: (lines, stream) => said(lines, stream === 'stderr' ? '! ' : '  '),
    ...{ clock, ids, activity },
  };
};

/** Goes on with the script that was under way. Throws `not_taken_up` where none was that outlives the daemon. */
const goOnWithScript =
  <Needs>(run: Step<Needs, object>['run']): Step<Needs, object>['run'] =>
  (needs, tools) => {
    if (tools.place.hasScript()) return run(needs, tools);
    throw new Fault('not_taken_up', 'The script that was under way has ended with its connection.');
  };

// A breakpoint waits, and the console knows how far a conversation had come.
const goOn: readonly ProvisionerSpec['type'][] = ['breakpoint', 'console'];

/** A provisioner that goes on where it was cut short; of other types nothing tells how far they had come. */
const orAnew = <Needs>(
  { type }: ProvisionerSpec,
  run: Step<Needs, object>['run'],
): Pick<Step<Needs, object>, 'run' | 'takeUp'> => {
  if (type === 'shell') return { run, takeUp: { cutShort: goOnWithScript(run) } };
  return goOn.includes(type) ? goesOnByRunning(run) : { run };
};

/** Changes a guest that the build has logged in to. `isConstant`: see `ConsoleTools`. */
export const provisionGuest = (spec: ProvisionerSpec, isConstant = false) =>
  ({
    ...headOf(spec),
    ...orAnew(spec, async (needs: Needs & { readonly guest: Guest }, tools: StepTools) => {
      const { running, guest } = needs;
      const own = { ...toolsOf(spec, needs, tools, isConstant), guest };
      const policy = { ...own, reconnect: guest.reconnect, doing: () => doingNow(tools.activity, running) };
      const expected = `the end of the provisioner ${spec.name}`;
      const work = (alive: AbortSignal) => tryAgain(spec, (signal) => runInGuest(spec, own, signal), policy, alive);
      await whileAlive(running, expected, work, tools);
      return {};
    }),
  }) satisfies Step<Needs & { readonly guest: Guest }, object>;

/** Changes a guest without a login, by its console. */
export const provisionOnConsole = (spec: ProvisionerSpec<ConsoleType>) =>
  ({
    ...headOf(spec),
    ...orAnew(spec, async (needs: Needs, tools: StepTools) => {
      const own = toolsOf(spec, needs, tools);
      const policy = { ...own, doing: () => doingNow(tools.activity, needs.running) };
      await tryAgain(spec, (signal) => runOnConsole(spec, own, signal), policy, tools.signal);
      return {};
    }),
  }) satisfies Step<Needs, object>;
