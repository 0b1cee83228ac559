import { Field } from '../parts/field.tsx';
import { chosenMachines, isRun } from './draft.ts';
import type { SettingProps } from './settings.tsx';

/** How the builds of one run go with each other. */
const RunFields = ({ draft, wrong, change }: Omit<SettingProps, 'machines'>) => (
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

/** Which machines of a template are built. */
export const MachineFields = ({ draft, machines, wrong, change }: SettingProps) => {
  const chosen = chosenMachines(draft, machines);
  const wrongMachines = wrong('machine');
  const choose = (name: string, isOn: boolean) =>
    change({ machines: machines.filter((one) => (one === name ? isOn : chosen.includes(one))) });
  return (
    <>
      <div class="field" role="group" aria-labelledby="field-machines-title">
        <span id="field-machines-title" class="title">
          Machines
        </span>
        <div class="kinds">
          {machines.map((name, at) => (
            <label key={name}>
              <input
                id={at === 0 ? 'field-machine' : undefined}
                type="checkbox"
                name="machine"
                checked={chosen.includes(name)}
                aria-invalid={wrongMachines.length > 0}
                aria-describedby={wrongMachines.length > 0 ? 'field-machine-wrong' : undefined}
                onChange={({ currentTarget }) => choose(name, currentTarget.checked)}
              />{' '}
              {name}
            </label>
          ))}
          <button
            type="button"
            onClick={() => change({ machines: chosen.length === machines.length ? [] : undefined })}
          >
            {chosen.length === machines.length ? 'None' : 'All'}
          </button>
        </div>
        {wrongMachines.length === 0 ? null : (
          <span class="wrong" id="field-machine-wrong">
            {wrongMachines.join('; ')}
          </span>
        )}
        <span class="quiet">Each is a build of its own; several are a run, which has one result.</span>
      </div>
      {isRun(draft, machines) ? <RunFields {...{ draft, wrong, change }} /> : null}
    </>
  );
};
