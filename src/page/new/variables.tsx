import type { Variable } from '../api/types.ts';
import { Field, type Control } from '../parts/field.tsx';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

type EntryProps = {
  readonly variable: Variable;
  readonly value: string;
  readonly control: Control;
  readonly enter: (value: string) => void;
};

/** The entry that chooses among values; empty for the default. */
const Choice = ({ variable, choices, value, control, enter }: EntryProps & { readonly choices: readonly string[] }) => (
  <select {...control} value={value} onChange={({ currentTarget }) => enter(currentTarget.value)}>
    <option value="">{variable.default === undefined ? '' : `default: ${textOf(variable.default)}`}</option>
    {choices.map((choice) => (
      <option key={choice} value={choice}>
        {choice}
      </option>
    ))}
  </select>
);

const choicesOf = ({ type, choices }: Variable): readonly string[] | undefined => {
  if (type === 'bool') return ['true', 'false'];
  return type === 'list' || type === 'map' ? undefined : choices?.map(String);
};

const examples = { list: '["one", "two"]', map: '{"key": "value"}', string: '', number: '', bool: '' } as const;

const Entry = (props: EntryProps) => {
  const { variable, value, control, enter } = props;
  const { type, sensitive, default: usual } = variable;
  const choices = choicesOf(variable);
  if (choices !== undefined) return <Choice {...props} choices={choices} />;
  const common = {
    ...control,
    value,
    placeholder: usual === undefined ? examples[type] : textOf(usual),
    onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => enter(currentTarget.value),
    autocomplete: 'off',
    spellcheck: false,
  } as const;
  // No browser is to keep what is sensitive: as a new password it is not filled in, and not offered again.
  if (sensitive) return <input {...common} type="password" autocomplete="new-password" />;
  if (type === 'list' || type === 'map') return <textarea {...common} rows={2} />;
  return <input {...common} type="text" inputMode={type === 'number' ? 'decimal' : 'text'} />;
};

const hints = { list: 'A list in JSON.', map: 'A map in JSON.', number: 'A number.', string: '', bool: '' } as const;

const aboutOf = ({ description, type, pattern, choices }: Variable): string | undefined => {
  const among = type === 'list' && choices !== undefined ? `Entries: ${choices.join(', ')}.` : '';
  const like = pattern === undefined ? '' : `Like ${pattern}.`;
  const about = [description ?? '', hints[type], among, like].filter((part) => part !== '').join(' ');
  return about === '' ? undefined : about;
};

type Props = {
  readonly variables: readonly Variable[];
  readonly values: Readonly<Record<string, string>>;
  readonly wrong: (field: string) => readonly string[];
  readonly enter: (name: string, value: string) => void;
};

/** The variables of the template, to be filled in; those that are not have their defaults. */
export const VariableFields = ({ variables, values, wrong, enter }: Props) => (
  <fieldset class="fields">
    <legend>Variables</legend>
    {variables.length === 0 ? <p class="quiet">The template has none.</p> : null}
    {variables.map((variable) => {
      const { name, required, secret } = variable;
      if (secret !== undefined)
        return (
          <p key={name} class="quiet">
            {name}: the secret {secret} of this host.
          </p>
        );
      const field = `variable:${name}`;
      return (
        <Field
          key={name}
          name={field}
          title={name}
          about={aboutOf(variable)}
          wrong={wrong(field)}
          isRequired={required}
        >
          {(control) => (
            <Entry {...{ variable, control }} value={values[name] ?? ''} enter={(value) => enter(name, value)} />
          )}
        </Field>
      );
    })}
  </fieldset>
);
