import { CallError } from '../api/call.ts';

/** An error as the person in front of the page needs it. */
export const Trouble = ({ error }: { readonly error: Error | undefined }) => {
  if (error === undefined) return null;
  const problem = error instanceof CallError ? error.problem : undefined;
  return (
    <div class="trouble" role="alert">
      <strong>{problem?.title ?? 'That did not work'}.</strong> {error.message}
      {problem?.errors && (
        <ul>
          {problem.errors.map(({ pointer, message }) => (
            <li key={pointer + message}>
              <code>{pointer}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {problem && <span class="quiet"> Request {problem.request_id}.</span>}
    </div>
  );
};
