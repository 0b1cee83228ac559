import type { Build } from '../api/types.ts';
import type { RunCommand } from '../args/types.ts';
import { countFrom, pairFrom } from '../args/numbers.ts';
import type { OutputPiece } from '../show/output.ts';
import { table } from '../show/table.ts';
import { secondsBetween, shownSeconds } from '../show/units.ts';
import { noBuildYet } from './which-build.ts';

const colours = { succeeded: 'green', failed: 'red', held: 'yellow', running: 'bold', queued: 'dim', cancelled: 'dim' } as const; // prettier-ignore

const detailOf = ({ status, phase, progress, fault }: Build): string => {
  if (fault !== undefined) return fault.code;
  const percent = progress?.fraction === undefined ? '' : ` ${Math.floor(progress.fraction * 100)} %`;
  return status === 'running' ? `${phase ?? ''}${percent}` : '';
};

const rowOf = (build: Build): readonly OutputPiece[] => {
  const { id, status, template, created_at: created, started_at: started, ended_at: ended } = build;
  const now = Date.now();
  return [
    id,
    { as: colours[status], text: status },
    template.version === undefined ? template.name : `${template.name}@${template.version}`,
    `${shownSeconds(secondsBetween(created, now))} ago`,
    started === undefined ? '' : shownSeconds(secondsBetween(started, ended ?? now)),
    detailOf(build),
  ];
};

const mostOnPage = 500;

/** `imagectl list` */
export const run: RunCommand = async ({ api: connect, output, values }) => {
  let left = countFrom(values.limit, 'limit') ?? 20;
  const { status, template, label } = values;
  for (const one of label ?? []) pairFrom(one, '--label');
  const api = await connect();
  const query = { status, template, label: label === undefined ? undefined : [...label] };
  const builds: Build[] = [];
  for (let after: string | undefined; left > 0;) {
    const page = await api.ask('get', '/builds', { query: { ...query, after, limit: Math.min(left, mostOnPage) } });
    builds.push(...page.items);
    left -= page.items.length;
    after = page.next;
    if (after === undefined) break;
  }
  if (values.json === true) for (const build of builds) output.printJson(build);
  else if (builds.length === 0)
    output.tell(status === undefined && template === undefined && label === undefined ? noBuildYet : 'No build is as --status, --template and --label say.'); // prettier-ignore
  else output.print(...table(['BUILD', 'STATUS', 'TEMPLATE', 'ASKED', 'TOOK', 'WHAT'], builds.map(rowOf)));
  return 'succeeded';
};
