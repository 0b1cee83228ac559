import { sizeText } from '../../parts/format.ts';
import { Trouble } from '../../parts/trouble.tsx';
import { hrefOf } from '../../shell/router.ts';
import type { ConsoleDifference } from './diverge.ts';
import type { ConsoleLine } from './lines.ts';
import { mostBytes } from './read.ts';
import { useDivergence, type ComparedConsoles } from './use-divergence.ts';

const around = { before: 6, after: 14 } as const;
const mostDifferences = 20;
const mostOfOne = 8;

type PartProps = {
  readonly name: string;
  readonly id: string;
  readonly lines: readonly ConsoleLine[];
  /** The lines that are shown: from, and up to. */
  readonly from: number;
  readonly to: number;
  /** The first that is not the same. */
  readonly apart: number;
};

const Part = ({ name, id, lines, from, to, apart }: PartProps) => {
  const shown = lines.slice(from, to);
  const label = `${name}, from line ${shown[0]?.number ?? 0}`;
  return (
    <div>
      <h3>
        {name} <a href={hrefOf(['builds', id, 'console'])}>its console</a>
      </h3>
      <ol class="lines" tabIndex={0} aria-label={label}>
        {shown.map(({ number, text }, at) => (
          <li key={number} class={from + at < apart ? 'alike' : 'apart'}>
            <span class="at">{number}</span> <code>{text}</code>
          </li>
        ))}
        {lines.length <= apart ? <li class="apart end">here it ends</li> : null}
      </ol>
    </div>
  );
};

const linesText = (lines: readonly ConsoleLine[], [from, to]: ConsoleDifference['a']): string => {
  if (from === to) return 'nothing';
  const shown = lines.slice(from, Math.min(to, from + mostOfOne)).map(({ number, text }) => `${number} ${text}`);
  const more = to - from - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} lines more`] : [])].join('\n');
};

/** What one of them has and the other has not, before they come together again. */
const Passed = ({ compared: { differences, a, b } }: { readonly compared: ComparedConsoles }) => {
  if (differences.length === 0) return null;
  const shown = differences.slice(0, mostDifferences);
  return (
    <details>
      <summary>
        {differences.length === 1 ? 'One difference' : `${differences.length} differences`} before that, behind which
        they are the same again
      </summary>
      {shown.map((one, at) => (
        <div key={at} class="side-by-side">
          <pre tabIndex={0} aria-label={`A, difference ${at + 1}`}>
            {linesText(a, one.a)}
          </pre>
          <pre tabIndex={0} aria-label={`B, difference ${at + 1}`}>
            {linesText(b, one.b)}
          </pre>
        </div>
      ))}
      {differences.length > shown.length ? <p class="quiet">the first {shown.length}</p> : null}
    </details>
  );
};

const Verdict = ({ compared: { at, a, b, alike, isSettled } }: { readonly compared: ComparedConsoles }) => {
  if (a.length === 0 || b.length === 0)
    return <p>{a.length === b.length ? 'Neither console has shown anything.' : `The console of ${a.length === 0 ? 'A' : 'B'} has shown nothing.`}</p>; // prettier-ignore
  const bound = isSettled ? '' : ` in the first ${sizeText(mostBytes)}`;
  if (at === undefined)
    return (
      <p>
        They say the same{bound}: {alike} lines.
      </p>
    );
  return (
    <p>
      They go apart at <strong>line {a[at.a]?.number ?? 'end'} of A</strong> and{' '}
      <strong>line {b[at.b]?.number ?? 'end'} of B</strong>, after {alike} lines that are the same{bound}.
    </p>
  );
};

/** Where the consoles of two builds go apart first. */
export const Consoles = ({ a, b }: { readonly a: string; readonly b: string }) => {
  const { compared, error } = useDivergence(a, b);
  const at = compared?.at;
  const shown = (place: number) => ({
    ...{ from: Math.max(0, place - around.before), to: place + around.after },
    apart: place,
  });
  return (
    <section aria-label="Consoles">
      <h2>Consoles</h2>
      <p class="quiet">Line by line, without numbers, times, addresses and ids.</p>
      <Trouble error={error} />
      {compared === undefined ? null : (
        <div class="consoles">
          <Verdict compared={compared} />
          {at === undefined || compared.a.length === 0 || compared.b.length === 0 ? null : (
            <div class="side-by-side">
              <Part name="A" id={a} lines={compared.a} {...shown(at.a)} />
              <Part name="B" id={b} lines={compared.b} {...shown(at.b)} />
            </div>
          )}
          <Passed compared={compared} />
        </div>
      )}
    </section>
  );
};
