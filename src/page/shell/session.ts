import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Session } from '../api/types.ts';

/** Who is logged in. */
export const SessionContext = createContext<Session>({ name: '', scopes: [] });

/** Whether the session may change builds. The API decides; this is what is worth showing. */
export const useMayWrite = (): boolean => {
  const { scopes } = useContext(SessionContext);
  return scopes.includes('builds:write') || scopes.includes('admin');
};

const key = 'imaged-session';

/** Whether this browser may have a session: its cookie cannot be seen from here, and asking in vain is an error in its console. */
export const hasLoggedIn = (): boolean => localStorage.getItem(key) !== null;

export const noteLogin = (is: boolean): void => (is ? localStorage.setItem(key, 'yes') : localStorage.removeItem(key));
