import { Field, type Control } from '../parts/field.tsx';
import type { PageDraft } from './draft.ts';
import { MachineFields, type ByValues } from './machines.tsx';

type SelectProps = {
  readonly control: Control;
  readonly value: string;
  /** By value, as they are shown. */
  readonly options: Readonly<Record<string, string>>;
  readonly enter: (value: string) => void;
};

const Select = ({ control, value, options, enter }: SelectProps) => (
  <select {...control} value={value} onChange={({ currentTarget }) => enter(currentTarget.value)}>
    {Object.entries(options).map(([one, title]) => (
      <option key={one} value={one}>
        {title}
      </option>
    ))}
  </select>
);

const caches = {
  '': 'as the template says',
  auto: 'auto: go on from kept layers where there are some',
  off: 'off: make all anew, keep nothing',
  only: 'only: fail where nothing is kept',
} as const;

const endings = {
  '': 'cleanup: the machine goes',
  hold: 'hold: the machine is kept for a while',
  'run-cleanup-provisioner': 'run-cleanup-provisioner: its cleanup runs, then the machine is kept for a while',
} as const;

export type SettingProps = {
  readonly draft: PageDraft;
  /** Of the template; of several each is a build, and together they are a run. */
  readonly machines: readonly string[];
  /** Undefined where they are the same whatever the values are. */
  readonly byValues: ByValues | undefined;
  readonly wrong: (field: string) => readonly string[];
  readonly change: (part: Partial<PageDraft>) => void;
};

/** The fields that are there whatever the template is: those that errors may be shown at. */
export const settingFields = ['labels', 'priority', 'cache', 'on_error', 'machine', 'parallel'] as const;

/** What a build is asked for besides its template. */
export const SettingFields = ({ draft, machines, byValues, wrong, change }: SettingProps) => (
  <fieldset class="fields">
    <legend>The build</legend>
    {machines.length > 1 || byValues !== undefined ? (
      <MachineFields {...{ draft, machines, byValues, wrong, change }} />
    ) : null}
    <Field name="labels" title="Labels" about="One a line: team=infra" wrong={wrong('labels')}>
      {(control) => (
        <textarea
          {...control}
          rows={2}
          spellcheck={false}
          value={draft.labels}
          onInput={({ currentTarget }) => change({ labels: currentTarget.value })}
        />
      )}
    </Field>
    <Field name="priority" title="Priority" about="-1000 to 1000: higher runs first." wrong={wrong('priority')}>
      {(control) => (
        <input
          {...control}
          inputMode="numeric"
          placeholder="0"
          value={draft.priority}
          onInput={({ currentTarget }) => change({ priority: currentTarget.value.trim() })}
        />
      )}
    </Field>
    <Field name="cache" title="Cache" wrong={wrong('cache')}>
      {(control) => (
        <Select {...{ control, value: draft.cache }} options={caches} enter={(cache) => change({ cache })} />
      )}
    </Field>
    <Field name="on_error" title="When it fails" wrong={wrong('on_error')}>
      {(control) => (
        <Select {...{ control, value: draft.onError }} options={endings} enter={(onError) => change({ onError })} />
      )}
    </Field>
  </fieldset>
);
