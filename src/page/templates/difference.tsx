import type { TemplateInfo } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { hrefOf, replacePlace } from '../shell/router.ts';
import { linesBetween, type TextLine } from './lines.ts';
import { textOf, useTemplate } from './use-template.ts';

const signs = { same: ' ', added: '+', removed: '-', 'left-out': '…' } as const;

const Lines = ({ lines }: { readonly lines: readonly TextLine[] | undefined }) => {
  if (lines === undefined) return <p>They have too little in common to be told line by line.</p>;
  if (lines.length === 0) return <p>They are the same.</p>;
  return (
    <pre class="diff" tabIndex={0} aria-label="Changed lines">
      {lines.map(({ kind, text }, at) => (
        <span key={at} class={`diff-${kind}`}>
          {`${signs[kind]} ${text}\n`}
        </span>
      ))}
    </pre>
  );
};

type SelectProps = {
  readonly title: string;
  readonly value: string;
  readonly versions: readonly TemplateInfo[];
  readonly go: (version: string) => void;
};

const VersionSelect = ({ title, value, versions, go }: SelectProps) => (
  <label>
    {title}{' '}
    <select value={value} onChange={({ currentTarget }) => go(currentTarget.value)}>
      {versions.map(({ version }) => (
        <option key={version} value={String(version)}>
          {version}
        </option>
      ))}
    </select>
  </label>
);

type Props = {
  readonly name: string;
  readonly versions: readonly TemplateInfo[];
  /** As the address has them; else the newest, and the one before it. */
  readonly from: string | null;
  readonly to: string | null;
};

/** What one version has that another has not. */
export const Difference = ({ name, versions, from, to }: Props) => {
  const newest = String(versions[0]?.version ?? 1);
  const [older, newer] = [from ?? String(versions[1]?.version ?? newest), to ?? newest];
  const { template: before, error: noBefore } = useTemplate(name, older);
  const { template: after, error: noAfter } = useTemplate(name, newer);
  const go = (one: string, other: string) =>
    replacePlace(hrefOf(['templates', name, 'diff'], { from: one, to: other }));
  return (
    <>
      <p class="links">
        <VersionSelect title="From version" value={older} versions={versions} go={(version) => go(version, newer)} />
        <VersionSelect title="to version" value={newer} versions={versions} go={(version) => go(older, version)} />
      </p>
      <Trouble error={noBefore ?? noAfter} />
      {before && after ? <Lines lines={linesBetween(textOf(before), textOf(after))} /> : null}
    </>
  );
};
