import { jsonOf } from '../api/api.ts';
import type { Plan, PlannedStep } from '../api/types.ts';
import type { RunCommand } from '../args/types.ts';
import { askedBy } from '../input/asked.ts';
import { sendAsked } from '../input/send.ts';
import type { OutputLine, OutputPiece } from '../show/output.ts';
import { facts, table } from '../show/table.ts';
import { shownSeconds } from '../show/units.ts';

const colours = { hit: 'green', miss: 'yellow', not_kept: 'dim', unknown: 'dim' } as const;

/** What kept layers mean for a step; why is told once of steps that follow each other. */
const cacheOf = (
  { cache }: PlannedStep,
  before: PlannedStep | undefined,
): readonly [outcome: OutputPiece, why: string] => {
  if (cache === undefined) return ['', ''];
  const { outcome, why = '' } = cache;
  return [{ as: colours[outcome], text: outcome.replace('_', ' ') }, why === before?.cache?.why ? '' : why];
};

const stepRow = (step: PlannedStep, before: PlannedStep | undefined): readonly OutputPiece[] => {
  const { name, timeout_seconds: within, about = '' } = step;
  const [outcome, why] = cacheOf(step, before);
  return [name, shownSeconds(within), outcome, about, why];
};

const wordsOf = (from: Plan['goes_on_from']): string | undefined =>
  from && `what build ${from.build} has kept after ${from.step}: ${from.saved_seconds.toFixed(1)} s are saved`;

const linesOf = ({
  template,
  machine,
  demand,
  variables,
  plan,
  notes,
  goes_on_from: from,
}: Plan): readonly OutputLine[] => [
  ...facts([
    ['template', template.version === undefined ? template.name : `${template.name}@${template.version}`],
    ['machine', machine],
    ['goes on from', wordsOf(from)],
    ['takes', `${demand.memory_mb} MiB of memory, ${demand.disk_mb} MiB of disk`],
    ...Object.entries(variables).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  ]),
  '',
  ...table(
    ['STEP', 'WITHIN', 'CACHE', 'WHAT', 'WHY'],
    plan.map((step, at) => stepRow(step, plan[at - 1])),
  ),
  ...(notes.length === 0 ? [] : ['', ...notes.map(({ pointer, message }): OutputLine => [{ as: 'yellow', text: pointer }, ` ${message}`])]), // prettier-ignore
];

/** `imagectl validate` */
export const run: RunCommand = async (job) => {
  const asked = await askedBy(job);
  const api = await job.api();
  const reply = await sendAsked(api, job.output, asked, { query: { validate: 'true' } });
  // The contract says that it is a Plan.
  const plan = (await jsonOf(reply, api.server)) as Plan;
  if (job.values.json === true) job.output.printJson(plan);
  else job.output.print(...linesOf(plan));
  return 'succeeded';
};
