import { useEffect, useRef } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { chosenMachines, isRun } from './draft.ts';
import { PlacesShown } from './refusal.tsx';
import type { WrongPlace } from './places.ts';
import type { SettingProps } from './settings.tsx';

/** How the builds of one run go with each other. */
const RunFields = ({ draft, wrong, change }: Omit<SettingProps, 'machines' | 'byValues'>) => (
  <>
    <Field name="parallel" title="At once" about="Builds of the run at a time." wrong={wrong('parallel')}>
      {(control) => (
        <input
          {...control}
          inputMode="numeric"
          placeholder="as many as the host takes"
          value={draft.parallel}
          onInput={({ currentTarget }) => change({ parallel: currentTarget.value.trim() })}
        />
      )}
    </Field>
    <Field name="fail_fast" title="When one fails" wrong={[]}>
      {(control) => (
        <select
          {...control}
          value={draft.failFast ? 'cancel' : 'go on'}
          onChange={({ currentTarget }) => change({ failFast: currentTarget.value === 'cancel' })}
        >
          <option value="go on">the others go on</option>
          <option value="cancel">the others are cancelled</option>
        </select>
      )}
    </Field>
  </>
);

/** Machines that are worked out with the values of the variables. */
export type ByValues = {
  readonly isBusy: boolean;
  readonly show: () => void;
  /** Whether a start waits until these were seen. */
  readonly areUnseen: boolean;
  /** Why they are not known, but for what stands at the fields. */
  readonly unknown: readonly WrongPlace[];
};

const ByValuesShown = ({ isBusy, show, areUnseen, unknown, isKnown }: ByValues & { readonly isKnown: boolean }) => {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (areUnseen) group.current?.focus();
  }, [areUnseen]);
  return (
    <div class="by-values" ref={group} tabIndex={-1}>
      {areUnseen ? <p role="alert">With these values there are other machines: choose, and start again.</p> : null}
      <p class="quiet">Which machines there are depends on the variables.</p>
      {isKnown ? null : <PlacesShown places={unknown} />}
      <button type="button" disabled={isBusy} onClick={show}>
        Show machines
      </button>
    </div>
  );
};

type ChoiceProps = Pick<SettingProps, 'machines' | 'change'> & {
  readonly chosen: readonly string[];
  readonly isWrong: boolean;
};

/** The machines as boxes, with a button for all or none of them. */
const Choice = ({ machines, chosen, isWrong, change }: ChoiceProps) => {
  const choose = (name: string, isOn: boolean) =>
    change({ machines: machines.filter((one) => (one === name ? isOn : chosen.includes(one))) });
  const areAll = chosen.length === machines.length;
  return (
    <div class="kinds">
      {machines.map((name, at) => (
        <label key={name}>
          <input
            id={at === 0 ? 'field-machine' : undefined}
            type="checkbox"
            name="machine"
            checked={chosen.includes(name)}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? 'field-machine-wrong' : undefined}
            onChange={({ currentTarget }) => choose(name, currentTarget.checked)}
          />{' '}
          {name}
        </label>
      ))}
      <button type="button" onClick={() => change({ machines: areAll ? [] : undefined })}>
        {areAll ? 'None' : 'All'}
      </button>
    </div>
  );
};

/** Which machines of a template are built. */
export const MachineFields = ({ draft, machines, byValues, wrong, change }: SettingProps) => {
  const chosen = chosenMachines(draft, machines);
  const wrongMachines = wrong('machine');
  return (
    <>
      <div class="field" role="group" aria-labelledby="field-machines-title">
        <span id="field-machines-title" class="title">
          Machines
        </span>
        {machines.length > 1 ? (
          <Choice {...{ machines, chosen, change }} isWrong={wrongMachines.length > 0} />
        ) : (
          <span>{machines.join()}</span>
        )}
        {wrongMachines.length === 0 ? null : (
          <span class="wrong" id="field-machine-wrong">
            {wrongMachines.join('; ')}
          </span>
        )}
        {byValues === undefined ? null : <ByValuesShown {...byValues} isKnown={machines.length > 0} />}
        {machines.length < 2 ? null : (
          <span class="quiet">Each is a build of its own; several are a run, which has one result.</span>
        )}
      </div>
      {isRun(draft, machines) ? <RunFields {...{ draft, wrong, change }} /> : null}
    </>
  );
};
