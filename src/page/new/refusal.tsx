import { CallError } from '../api/call.ts';
import { Trouble } from '../parts/trouble.tsx';
import type { WrongPlace } from './places.ts';

const placeOf = ({ file, line, column }: WrongPlace): string =>
  line === undefined ? '' : ` (${file === undefined ? '' : `${file}, `}line ${line}, column ${column})`;

/** Each place that is wrong, and why. */
export const PlacesShown = ({ places }: { readonly places: readonly WrongPlace[] }) =>
  places.length === 0 ? null : (
    <ul>
      {places.map((one) => (
        <li key={one.pointer + one.message}>
          <code>{one.pointer === '' ? 'the template' : one.pointer}</code>
          {placeOf(one)}: {one.message}
        </li>
      ))}
    </ul>
  );

type Props = {
  readonly error: Error | undefined;
  /** What is wrong where the form has no field. */
  readonly rest: readonly WrongPlace[];
};

/** Why a template was not read or a build not started, but for what stands at the fields. */
export const Refusal = ({ error, rest }: Props) => {
  if (error === undefined) return null;
  const problem = error instanceof CallError ? error.problem : undefined;
  if (problem === undefined)
    return (
      <>
        <Trouble error={error} />
        {error instanceof CallError ? (
          <p class="quiet">
            If it was started all the same, starting it again with the same values makes no other build.
          </p>
        ) : null}
      </>
    );
  const atFields = (problem.errors?.length ?? 0) - rest.length;
  return (
    <div class="trouble" role="alert">
      <strong>{problem.title}.</strong>{' '}
      {atFields > 0 ? `What is wrong is said at ${atFields === 1 ? 'the field' : 'the fields'}.` : null}
      {problem.errors === undefined ? problem.detail : null}
      <PlacesShown places={rest} />
      <span class="quiet"> Request {problem.request_id}.</span>
    </div>
  );
};
