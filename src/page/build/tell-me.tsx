import { useState } from 'preact/hooks';
import { call, CallError, request } from '../api/call.ts';
import { pause } from '../api/follow.ts';
import { isEnded, type Build } from '../api/types.ts';
import { useWork } from '../parts/use.ts';

const longestWaitSeconds = 50;

const againMs = 5000;

const unchanged = 304;

/** Whether a person is waited for, or waits no longer. */
const isNews = ({ status }: Build): boolean => isEnded(status) || status === 'held';

/** Resolves when the build has ended or is held, also while nobody looks; over restarts of the daemon. Throws what the API refuses. */
const untilNews = async (id: string, signal: AbortSignal): Promise<Build> => {
  const path = `builds/${encodeURIComponent(id)}`;
  for (;;) {
    try {
      const build = await call<Build>(path, { signal });
      if (isNews(build)) return build;
      await request(`${path}?wait=${longestWaitSeconds}`, { also: [unchanged], signal });
    } catch (error) {
      const mayPass = error instanceof CallError && (error.status === 0 || error.status >= 500 || error.status === 429);
      if (!mayPass) throw error;
      await pause(againMs, signal);
      signal.throwIfAborted();
    }
  }
};

const notify = ({ id, status, template, fault }: Build): void => {
  const shown = new Notification(`${template.name}: ${status}`, {
    tag: id,
    ...(fault === undefined ? {} : { body: fault.message }),
  });
  shown.onclick = () => {
    focus();
    shown.close();
  };
};

/**
 * The button that has the browser tell when the build has ended or is held, whatever one looks at meanwhile. Browsers let pages
 * alone do so that came over TLS, or from this host.
 */
export const TellMe = ({ build }: { readonly build: Build }) => {
  const [state, setState] = useState<'off' | 'on' | 'refused'>('off');
  const error = useWork(
    async (signal) => {
      if (state !== 'on') return;
      notify(await untilNews(build.id, signal));
      setState('off');
    },
    [build.id, state],
  );
  if (!isSecureContext || !('Notification' in globalThis) || (isNews(build) && state === 'off')) return null;
  const ask = async () => {
    if (state === 'on') return setState('off');
    setState((await Notification.requestPermission()) === 'granted' ? 'on' : 'refused');
  };
  return (
    <>
      <button type="button" aria-pressed={state === 'on'} onClick={() => void ask()}>
        Tell me
      </button>
      {state === 'refused' ? (
        <span class="quiet" role="status">
          The browser does not let this page notify: its settings for this site say so.
        </span>
      ) : null}
      {error === undefined ? null : <span role="alert">{error.message}</span>}
    </>
  );
};
