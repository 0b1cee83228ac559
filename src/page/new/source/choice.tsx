import { useState } from 'preact/hooks';
import type { DraftSource } from '../draft.ts';
import { FolderChoice } from './folder.tsx';
import { StoredChoice } from './stored.tsx';
import { TextChoice } from './text.tsx';

const kinds = { stored: 'A stored template', folder: 'A folder', text: 'A file or text' } as const;
type Kind = keyof typeof kinds;

const isKind = (text: string): text is Kind => Object.hasOwn(kinds, text);

export type ChoiceProps = {
  readonly source: DraftSource | undefined;
  readonly choose: (source: DraftSource | undefined) => void;
};

const Chosen = ({ kind, ...props }: ChoiceProps & { readonly kind: Kind }) => {
  switch (kind) {
    case 'stored':
      return <StoredChoice {...props} />;
    case 'folder':
      return <FolderChoice {...props} />;
    case 'text':
      return <TextChoice {...props} />;
  }
};

/** Where the template comes from. */
export const SourceChoice = (props: ChoiceProps) => {
  const [kind, setKind] = useState<Kind>('stored');
  const go = (chosen: string) => {
    if (!isKind(chosen)) return;
    setKind(chosen);
    props.choose(undefined);
  };
  return (
    <fieldset class="fields">
      <legend>Template</legend>
      <div class="kinds">
        {Object.entries(kinds).map(([name, title]) => (
          <label key={name}>
            <input
              type="radio"
              name="source"
              value={name}
              checked={name === kind}
              onChange={({ currentTarget }) => go(currentTarget.value)}
            />{' '}
            {title}
          </label>
        ))}
      </div>
      <Chosen kind={kind} {...props} />
    </fieldset>
  );
};
