import { useEffect, useState } from 'preact/hooks';
import { CallError } from '../api/call.ts';
import type { ViewProps } from '../shell/views.ts';
import { useMayWrite } from '../shell/session.ts';
import { emptyDraft, wrongLabels, type Draft, type Source } from './draft.ts';
import { byField } from './places.ts';
import { PlanShown } from './plan.tsx';
import { Refusal } from './refusal.tsx';
import { SettingFields, settingFields } from './settings.tsx';
import { SourceChoice } from './source/choice.tsx';
import { useDeclared } from './use-declared.ts';
import { useStart } from './use-start.ts';
import { VariableFields } from './variables.tsx';

const sourceAt = ({ path: [, name], query }: ViewProps['place']): Source | undefined => {
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

/** A form for a build: of a stored template, of a folder, or of one file. */
export const NewBuild = ({ place }: ViewProps) => {
  const mayWrite = useMayWrite();
  const [draft, setDraft] = useState<Draft>(() => ({ ...emptyDraft, source: sourceAt(place) }));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const { declared, error: unread } = useDeclared(draft.source);
  const { isBusy, error, plan, check, start } = useStart(draft, declared);
  useFocusOnWrong(error);
  useEffect(() => {
    document.title = 'New build – imaged';
  }, []);
  if (!mayWrite) return <p>A build is started with a token that may write: yours has no scope builds:write.</p>;
  const variables = declared?.variables ?? [];
  const isShown = new Set<string>([...settingFields, ...variables.map(({ name }) => `variable:${name}`)]);
  if ((declared?.machines.length ?? 0) < 2) isShown.delete('machine');
  const wrong = byField(errorsOf(error), isShown);
  const noLabels = wrongLabels(draft).map((line) => `${line} is not written name=value`);
  const wrongAt = (field: string) => [
    ...(field === 'labels' ? noLabels : []),
    ...(wrong.get(field) ?? []).map(({ message }) => message),
  ];
  const enter = (name: string, value: string) =>
    setDraft((old) => ({ ...old, values: { ...old.values, [name]: value } }));
  return (
    <>
      <h1>New build</h1>
      <SourceChoice source={draft.source} choose={(source) => change({ source, machine: '' })} />
      <Refusal error={unread} rest={errorsOf(unread)} />
      {declared === undefined ? null : (
        <form
          class="new"
          autocomplete="off"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (noLabels.length === 0) start();
          }}
        >
          <VariableFields {...{ variables, enter }} values={draft.values} wrong={wrongAt} />
          <SettingFields {...{ draft, change }} machines={declared.machines} wrong={wrongAt} />
          <p>
            <button type="submit" class="main" disabled={isBusy}>
              Start build
            </button>{' '}
            <button type="button" disabled={isBusy || noLabels.length > 0} onClick={check}>
              Check
            </button>
          </p>
        </form>
      )}
      <Refusal error={error} rest={wrong.get('') ?? []} />
      {plan === undefined ? null : <PlanShown plan={plan} />}
    </>
  );
};
