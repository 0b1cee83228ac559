import { useState } from 'preact/hooks';
import { Field } from '../../parts/field.tsx';
import { sizeText } from '../../parts/format.ts';
import { Trouble } from '../../parts/trouble.tsx';
import { chosenFiles, droppedFiles } from '../context/dropped.ts';
import { sizeOf, withoutIgnored, type ContextFile, type PageLimits } from '../context/files.ts';
import type { ChoiceProps } from './choice.tsx';
import { useLimits } from './use-limits.ts';

const tooMuch = (files: readonly ContextFile[], most: PageLimits): string | undefined => {
  const leaveOut = 'Leave out what the template does not name, with .imagedignore.';
  if (files.length > most.files) return `There are more than the ${most.files} files that this host takes. ${leaveOut}`;
  const size = sizeOf(files);
  return size > most.bytes
    ? `It has ${sizeText(size)}, and this host takes ${sizeText(most.bytes)}. ${leaveOut}`
    : undefined;
};

/** Takes a folder's files, unless they are more than the host takes. */
const useFolder = (choose: ChoiceProps['choose'], most: PageLimits | undefined) => {
  const [error, setError] = useState<Error>();
  const take = async (found: readonly ContextFile[]) => {
    const files = await withoutIgnored(found);
    const why = most && tooMuch(files, most);
    setError(why === undefined ? undefined : new Error(why));
    choose(why === undefined && files.length > 0 ? { kind: 'files', files } : undefined);
  };
  const fail = (caught: unknown) => setError(caught instanceof Error ? caught : new Error(String(caught)));
  return {
    error,
    chosen: (files: FileList | null) => void take(files === null ? [] : chosenFiles(files)).catch(fail),
    dropped: (items: DataTransferItemList) =>
      void droppedFiles(items, most?.files ?? Infinity)
        .then(take)
        .catch(fail),
  };
};

/** A folder with a template at its top. */
export const FolderChoice = ({ source, choose }: ChoiceProps) => {
  const { limits, error: unknownLimits } = useLimits();
  const { error, chosen, dropped } = useFolder(choose, limits);
  const [isOver, setOver] = useState(false);
  const files = source?.kind === 'files' ? source.files : [];
  const about = `With template.json, template.yaml or *.pkr.hcl at its top.${
    limits === undefined ? '' : ` At most ${limits.files} files and ${sizeText(limits.bytes)}.`
  } What .imagedignore names is left out.`;
  return (
    <div
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer !== null) dropped(event.dataTransfer.items);
      }}
    >
      <Field name="folder" title="Choose a folder, or drop it here" about={about} wrong={[]}>
        {(control) => (
          <input
            {...control}
            type="file"
            ref={(element) => element?.setAttribute('webkitdirectory', '')}
            onChange={({ currentTarget }) => chosen(currentTarget.files)}
          />
        )}
      </Field>
      <Trouble error={unknownLimits ?? error} />
      {files.length === 0 ? null : (
        <p role="status">
          {files.length} files, {sizeText(sizeOf(files))}
        </p>
      )}
    </div>
  );
};
