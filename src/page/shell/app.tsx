import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { call, CallError, whenLoggedOut } from '../api/call.ts';
import { forgetCalls } from '../api/calls.ts';
import type { Session } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { AsCurl } from './as-curl.tsx';
import { Header } from './header.tsx';
import { Login } from './login.tsx';
import { usePlace } from './router.ts';
import { hasLoggedIn, noteLogin, SessionContext } from './session.ts';
import { viewOf } from './views.ts';

/** Who is logged in: undefined while that is asked, null when nobody is. */
const useSession = () => {
  const [session, setSession] = useState<Session | null>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    whenLoggedOut(() => setSession(null));
    if (!hasLoggedIn()) return setSession(null);
    call<Session>('session').then(setSession, (caught: unknown) => {
      if (caught instanceof CallError && caught.status === 401) setSession(null);
      else setError(caught instanceof Error ? caught : new Error(String(caught)));
    });
  }, []);
  return { session, setSession, error };
};

/**
 * Another view takes the focus: what had it is gone, or is the link that was followed, and who hears the page is to hear
 * the view. The first view does so where somebody has just logged in, and not where the page was loaded.
 */
const useFocusOnView = (about: string, isFirstToo: boolean) => {
  const seen = useRef(isFirstToo ? undefined : about);
  useEffect(() => {
    if (seen.current !== about) document.getElementById('main')?.focus();
    seen.current = about;
  }, [about]);
};

const Shown = ({ hasBegun }: { readonly hasBegun: boolean }) => {
  const place = usePlace();
  const View = viewOf(place);
  const about = place.path.slice(0, 2).join('/');
  // Before the view begins to ask.
  useLayoutEffect(forgetCalls, [about]);
  useFocusOnView(about, hasBegun);
  return (
    <main id="main" tabIndex={-1}>
      {View === undefined ? (
        <p>
          There is nothing at this address. <a href="#/builds">All builds</a>
        </p>
      ) : (
        <View key={about} place={place} />
      )}
      <AsCurl />
    </main>
  );
};

/** The whole page. */
export const App = () => {
  const { session, setSession, error } = useSession();
  const [hasBegun, setHasBegun] = useState(false);
  const begin = (begun: Session) => {
    noteLogin(true);
    setHasBegun(true);
    setSession(begun);
  };
  const [isLeaving, setIsLeaving] = useState(false);
  // By then the views have gone, and with them what they ask and follow: it would be refused.
  useEffect(() => {
    if (!isLeaving) return;
    void call('session', { method: 'DELETE' }).finally(() => {
      noteLogin(false);
      setSession(null);
      setIsLeaving(false);
    });
  }, [isLeaving]);
  if (error !== undefined)
    return (
      <main id="main">
        <h1>imaged</h1>
        <Trouble error={error} />
      </main>
    );
  if (session === undefined || isLeaving) return null;
  if (session === null) return <Login done={begin} />;
  return (
    <SessionContext.Provider value={session}>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Header session={session} logOut={() => setIsLeaving(true)} />
      <Shown hasBegun={hasBegun} />
    </SessionContext.Provider>
  );
};

// The address is the view's.
const skipToMain = (event: MouseEvent) => {
  event.preventDefault();
  document.getElementById('main')?.focus();
};
