import type { ComponentChildren } from 'preact';

/** What a control of a field needs of it. */
export type Control = {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string | undefined;
};

type Props = {
  readonly name: string;
  readonly title: string;
  readonly about?: ComponentChildren;
  /** What is wrong with what was entered. */
  readonly wrong: readonly string[];
  readonly isRequired?: boolean;
  readonly children: (control: Control) => ComponentChildren;
};

/** A field of a form: its name, its control, what it is for and what is wrong with it. */
export const Field = ({ name, title, about, wrong, isRequired = false, children }: Props) => {
  const id = `field-${name}`;
  const describing = [...(about === undefined ? [] : [`${id}-about`]), ...(wrong.length === 0 ? [] : [`${id}-wrong`])];
  return (
    <div class="field">
      <label for={id}>
        {title}
        {isRequired ? <span class="quiet"> required</span> : null}
      </label>
      {children({
        id,
        'aria-invalid': wrong.length > 0,
        'aria-describedby': describing.length === 0 ? undefined : describing.join(' '),
      })}
      {wrong.length === 0 ? null : (
        <span class="wrong" id={`${id}-wrong`}>
          {wrong.join('; ')}
        </span>
      )}
      {about === undefined ? null : (
        <span class="quiet" id={`${id}-about`}>
          {about}
        </span>
      )}
    </div>
  );
};
