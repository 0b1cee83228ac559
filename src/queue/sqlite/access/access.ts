import type { SessionStore } from '../../sessions.ts';
import type { Connection } from '../connection.ts';
import { makeSessions } from './sessions.ts';
import { makeTokens } from './tokens.ts';

/** Who may call: by a token, or by a session that was begun with one. */
export const makeAccess = (connection: Connection): ReturnType<typeof makeTokens> & SessionStore => ({
  ...makeTokens(connection),
  ...makeSessions(connection),
});
