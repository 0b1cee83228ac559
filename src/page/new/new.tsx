import { useEffect, useState } from 'preact/hooks';
import { CallError } from '../api/call.ts';
import type { ViewProps } from '../shell/views.ts';
import { useMayWrite } from '../shell/session.ts';
import { labelNameRule } from '../../base/records/label.ts';
import { chosenMachines, emptyDraft, isRun, wrongLabels, type PageDraft, type DraftSource } from './draft.ts';
import { byField } from './places.ts';
import { PlansShown } from './plan.tsx';
import { Refusal } from './refusal.tsx';
import { SettingFields, settingFields } from './settings.tsx';
import { SourceChoice } from './source/choice.tsx';
import { useDeclared } from './use-declared.ts';
import { useStart } from './use-start.ts';
import { VariableFields } from './variables.tsx';

const sourceAt = ({ path: [, name], query }: ViewProps['place']): DraftSource | undefined => {
  if (name === undefined) return undefined;
  const version = query.get('version');
  return { kind: 'stored', name, ...(version === null ? {} : { version }) };
};

const errorsOf = (error: Error | undefined) => (error instanceof CallError ? (error.problem?.errors ?? []) : []);

/** A refusal is read out, and the first field that it is about is where one goes on. */
const useFocusOnWrong = (error: Error | undefined) =>
  useEffect(() => {
    if (error !== undefined) document.querySelector<HTMLElement>('.field [aria-invalid=true]')?.focus();
  }, [error]);

/** A form for a build, or a run of several: of a stored template, of a folder, or of one file. */
// One function, though long: the form, and where what is wrong with it stands.
export const NewBuild = ({ place }: ViewProps) => {
  const mayWrite = useMayWrite();
  const [draft, setDraft] = useState<PageDraft>(() => ({ ...emptyDraft, source: sourceAt(place) }));
  const change = (part: Partial<PageDraft>) => setDraft((old) => ({ ...old, ...part }));
  const { declared, error: unread, renew } = useDeclared(draft);
  const { isBusy, error, plans, areMachinesUnseen, check, start, showMachines } = useStart(draft, declared, renew);
  useFocusOnWrong(error);
  useEffect(() => {
    document.title = 'New build – imaged';
  }, []);
  if (!mayWrite) return <p>A build is started with a token that may write: yours has no scope builds:write.</p>;
  const { variables = [], machines = [] } = declared ?? {};
  const isShown = new Set<string>([...settingFields, ...variables.map(({ name }) => `variable:${name}`)]);
  if (machines.length < 2) isShown.delete('machine');
  if (!isRun(draft, machines)) isShown.delete('parallel');
  const wrong = byField(error === undefined ? (declared?.errors ?? []) : errorsOf(error), isShown);
  const noLabels = wrongLabels(draft).map(
    (line) => `${line} is not written name=value, with a name of ${labelNameRule}`,
  );
  const noMachine = machines.length > 0 && chosenMachines(draft, machines).length === 0;
  const wrongAt = (field: string) => [
    ...(field === 'machine' && noMachine ? ['none is chosen: choose one or more'] : []),
    ...(field === 'labels' ? noLabels : []),
    ...(wrong.get(field) ?? []).map(({ message }) => message),
  ];
  const byValues =
    declared?.machines_by_values && variables.length > 0
      ? {
          ...{ isBusy, show: showMachines, areUnseen: areMachinesUnseen },
          unknown: error === undefined ? (wrong.get('') ?? []) : [],
        }
      : undefined;
  const mayAsk = noLabels.length === 0 && !noMachine;
  const enter = (name: string, value: string) =>
    setDraft((old) => ({ ...old, values: { ...old.values, [name]: value } }));
  return (
    <>
      <h1>New build</h1>
      <SourceChoice source={draft.source} choose={(source) => change({ source, machines: undefined })} />
      <Refusal error={unread} rest={errorsOf(unread)} />
      {declared === undefined ? null : (
        <form
          class="new"
          autocomplete="off"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (mayAsk) start();
          }}
        >
          <VariableFields {...{ variables, enter }} values={draft.values} wrong={wrongAt} />
          <SettingFields {...{ draft, machines, byValues, change }} wrong={wrongAt} />
          <p>
            <button type="submit" class="main" disabled={isBusy}>
              {isRun(draft, machines) ? `Start ${chosenMachines(draft, machines).length} builds` : 'Start build'}
            </button>{' '}
            <button type="button" disabled={isBusy || !mayAsk} onClick={check}>
              Check
            </button>
          </p>
        </form>
      )}
      <Refusal error={error} rest={wrong.get('') ?? []} />
      {plans === undefined ? null : <PlansShown plans={plans} />}
    </>
  );
};
