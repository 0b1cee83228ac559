import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Session } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';

/** The token is sent once and kept nowhere: the cookie that stands for it cannot be read by any script. */
export const Login = ({ done }: { readonly done: (session: Session) => void }) => {
  const [token, setToken] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const entry = useRef<HTMLInputElement>(null);
  // `autofocus` counts where a page is loaded, and not where somebody has logged out.
  useEffect(() => entry.current?.focus(), []);
  const logIn = (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    call<Session>('session', { method: 'POST', body: { token } })
      .then(done, (caught: unknown) => setError(caught instanceof Error ? caught : new Error(String(caught))))
      .finally(() => setBusy(false));
  };
  return (
    <main class="login" id="main">
      <h1>imaged</h1>
      <form onSubmit={logIn}>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          ref={entry}
          placeholder="imgd_…"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <button type="submit" class="main" disabled={isBusy}>
          Log in
        </button>
      </form>
      <Trouble error={error} />
      <p class="quiet">
        A token is made on the host: <code>imaged token add -s builds:write NAME</code>
      </p>
      <p>
        <a href="docs">The API</a>
      </p>
    </main>
  );
};
