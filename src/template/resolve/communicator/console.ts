import { durationOf } from '../../../base/units.ts';
import type { Communicator } from '../../document/communicator.ts';
import { saidOf } from '../../document/turn.ts';
import type { ConsoleLogin, TurnText } from '../../spec.ts';
import { resolveTurns } from '../turns.ts';
import type { ProofParts } from './proofs.ts';

const prompt = String.raw`[#$%>] ?$`;

const plain = { optional: false, echo: true, secret: false, keyIntervalMs: 0, refuse: [] };

/** As getty(8) and login(1) ask, under OpenBSD and Linux alike. */
const usualLogin = (
  { username, password }: Pick<Communicator, 'username' | 'password'>,
  withinMs: number,
  { fields }: ProofParts,
): readonly TurnText[] => [
  { ...plain, hear: '[Ll]ogin: ?$', withinMs, say: fields.text('/communicator/username', username, saidOf) },
  ...(password === undefined
    ? []
    : [
        {
          ...{ ...plain, hear: '[Pp]assword: ?$', withinMs: 60_000, echo: false, secret: true },
          say: fields.text('/communicator/password', password, saidOf),
        },
      ]),
  { ...plain, hear: prompt, withinMs: 60_000, refuse: ['[Ll]ogin incorrect'] },
];

/** The conversation that logs in on the serial line. */
export const resolveConsoleLogin = async (asked: Communicator, parts: ProofParts): Promise<ConsoleLogin> => {
  const { fields } = parts;
  const timeoutMs = fields.made('/communicator/timeout', asked.timeout, 1, (time) => durationOf(time));
  const turns =
    asked.login === undefined
      ? usualLogin(asked, timeoutMs, parts)
      : await resolveTurns(asked.login, '/communicator/login', fields);
  return { type: 'console', turns, timeoutMs };
};
