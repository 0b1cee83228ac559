import { useEffect } from 'preact/hooks';
import type { Build, Input } from '../api/types.ts';
import { durationText, ranMs } from '../parts/format.ts';
import { Moment } from '../parts/moment.tsx';
import { StatusMark } from '../parts/status.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { hrefOf } from '../shell/router.ts';
import type { ViewProps } from '../shell/views.ts';
import { Consoles } from './consoles/consoles.tsx';
import { Differences } from './input/inputs.tsx';
import { Pick } from './pick.tsx';
import { StepTimes } from './steps/steps.tsx';
import { usePair, type Pair } from './use-pair.ts';

const Card = ({ name, build }: { readonly name: string; readonly build: Build }) => {
  const ran = ranMs(build, Date.now());
  return (
    <div class="card">
      <h2>
        {name}:{' '}
        <a href={hrefOf(['builds', build.id])}>
          {build.template.name}
          {build.template.version === undefined ? '' : `@${build.template.version}`}
          {build.machine === undefined ? '' : ` ${build.machine}`}
        </a>
      </h2>
      <p>
        <StatusMark status={build.status} /> {ran === undefined ? '' : durationText(ran)}{' '}
        <span class="quiet">
          <Moment time={build.created_at} />
        </span>{' '}
        <span class="id">{build.id}</span>
      </p>
      {build.fault === undefined ? null : (
        <p class="told">
          <code>{build.fault.code}</code> {build.fault.message}
        </p>
      )}
    </div>
  );
};

const given = ({ template, variables, began_with }: Input) => ({ template, variables, began_with });

/** By their names, so that a step more is one difference. */
const byName = (plan: Input['plan']) => Object.fromEntries(plan.map(({ name, ...step }) => [name, step]));

const Comparison = ({ pair }: { readonly pair: Pair }) => {
  const { a, b } = pair;
  return (
    <>
      <div class="side-by-side">
        <Card name="A" build={a.build} />
        <Card name="B" build={b.build} />
      </div>
      <Consoles a={a.build.id} b={b.build.id} />
      <Differences title="Input" a={given(a.input)} b={given(b.input)} same="Both were made from the same." />
      <Differences title="Plan" a={byName(a.input.plan)} b={byName(b.input.plan)} same="Both had the same plan." />
      <StepTimes pair={pair} />
    </>
  );
};

/** Two builds beside each other: where their consoles go apart, what they were made from, and how long they took. */
export const CompareView = ({ place }: ViewProps) => {
  const [a, b] = [place.query.get('a') ?? '', place.query.get('b') ?? ''];
  const { found, error } = usePair(a, b);
  useEffect(() => {
    document.title = 'Compare – imaged';
  }, []);
  const pair = found?.pair;
  return (
    <>
      <h1>Compare</h1>
      <Pick a={a === '' ? (pair?.a.build.id ?? '') : a} b={b} template={pair?.b.build.template.name} />
      <Trouble error={error} />
      {found?.nothing === undefined ? null : <p>{found.nothing}</p>}
      {pair === undefined ? null : <Comparison pair={pair} />}
    </>
  );
};
