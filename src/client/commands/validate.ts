import type { Plan } from '../api/types.ts';
import type { Run } from '../args/types.ts';
import { askedBy } from '../input/asked.ts';
import { sendAsked } from '../input/send.ts';
import type { Line } from '../show/output.ts';
import { facts, table } from '../show/table.ts';
import { shownSeconds } from '../show/units.ts';

const linesOf = ({ template, machine, demand, variables, plan, notes }: Plan): readonly Line[] => [
  ...facts([
    ['template', template.version === undefined ? template.name : `${template.name}@${template.version}`],
    ['machine', machine],
    ['takes', `${demand.memory_mb} MiB of memory, ${demand.disk_mb} MiB of disk`],
    ...Object.entries(variables).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  ]),
  '',
  ...table(
    ['STEP', 'WITHIN', 'WHAT'],
    plan.map(({ name, timeout_seconds: within, about = '' }) => [name, shownSeconds(within), about]),
  ),
  ...(notes.length === 0 ? [] : ['', ...notes.map(({ pointer, message }): Line => [{ as: 'yellow', text: pointer }, ` ${message}`])]), // prettier-ignore
];

/** `imagectl validate` */
export const run: Run = async (job) => {
  const asked = await askedBy(job);
  const api = await job.api();
  const reply = await sendAsked(api, job.output, asked, { query: { validate: 'true' } });
  // The contract says that it is a Plan.
  const plan = (await reply.json()) as Plan;
  if (job.values.json === true) job.output.printJson(plan);
  else job.output.print(...linesOf(plan));
  return 'succeeded';
};
