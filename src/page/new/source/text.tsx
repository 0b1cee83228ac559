import { useEffect, useState } from 'preact/hooks';
import { Field } from '../../parts/field.tsx';
import type { ChoiceProps } from './choice.tsx';

/** The forms of a template, by the name that its file has in a context. */
const forms = {
  'template.json': 'JSON',
  'template.yaml': 'YAML',
  'template.pkr.hcl': 'Packer’s HCL2',
  'template.pkr.json': 'Packer’s HCL2 in JSON',
} as const;
type Form = keyof typeof forms;

const isForm = (text: string): text is Form => Object.hasOwn(forms, text);

const endings: readonly (readonly [RegExp, Form])[] = [
  [/\.hcl$/i, 'template.pkr.hcl'],
  [/\.pkr\.json$/i, 'template.pkr.json'],
  [/\.ya?ml$/i, 'template.yaml'],
];

const formOf = (name: string): Form => endings.find(([ending]) => ending.test(name))?.[1] ?? 'template.json';

// Long enough to type on.
const settleMs = 400;

/** A template without files beside it: opened, pasted or typed. */
export const TextChoice = ({ choose }: ChoiceProps) => {
  const [text, setText] = useState('');
  const [form, setForm] = useState<Form>('template.json');
  useEffect(() => {
    const take = () =>
      choose(text.trim() === '' ? undefined : { kind: 'files', files: [{ path: form, content: new Blob([text]) }] });
    const timer = setTimeout(take, settleMs);
    return () => clearTimeout(timer);
  }, [text, form]);
  const open = async (file: File | undefined) => {
    if (file === undefined) return;
    setForm(formOf(file.name));
    setText(await file.text());
  };
  return (
    <>
      <Field name="file" title="Open a file" wrong={[]}>
        {(control) => (
          <input
            {...control}
            type="file"
            accept=".json,.yaml,.yml,.hcl"
            onChange={({ currentTarget }) => void open(currentTarget.files?.[0])}
          />
        )}
      </Field>
      <Field name="form" title="Form" wrong={[]}>
        {(control) => (
          <select
            {...control}
            value={form}
            onChange={({ currentTarget: { value } }) => isForm(value) && setForm(value)}
          >
            {Object.entries(forms).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="text" title="Text" wrong={[]}>
        {(control) => (
          <textarea
            {...control}
            class="template"
            rows={12}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </Field>
    </>
  );
};
