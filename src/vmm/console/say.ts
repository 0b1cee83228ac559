import { Fault } from '../../base/fault.ts';
import type { Partner } from './partner.ts';
import type { TurnPlace } from './place.ts';
import { typeLine } from './type.ts';
import type { Turn } from './types.ts';

const unknown = (what: string): Fault =>
  new Fault(
    'not_taken_up',
    `${what} was being typed when the daemon ended, and nothing tells whether the guest has it.`,
  );

/**
 * Types the line of a turn, and proves that the guest has it. `at`: where the conversation is; an earlier daemon may have typed
 * some of the line. Throws `console_deaf`, and `not_taken_up` where nothing would tell how much.
 */
export const say = async (
  partner: Partner,
  line: string,
  turn: Turn,
  at: TurnPlace,
  signal: AbortSignal,
): Promise<void> => {
  const { window, write, typing, place, seen, show, hide, willType, conceal, onEvent, keep } = partner;
  willType(line, turn.secret);
  const shown = turn.secret ? '<secret>' : line;
  if (at.typing === 'blindly') throw unknown(turn.secret ? 'A secret' : `"${line}"`);
  if (!turn.echo) {
    await keep({ ...at, typing: 'blindly' });
    await write(`${line}\r`);
    onEvent({ type: 'console.said', text: shown, typedTimes: 1 });
    return;
  }
  const from = window.end();
  // However mangled a secret comes back, nothing of it is written down; what follows its CR is.
  if (at.typing === undefined) await keep({ ...at, typing: turn.secret ? 'blindly' : 'line' });
  const typed = await typeLine(partner, line, signal, {
    ...(turn.secret ? { conceal } : {}),
    ...(at.typing === 'line' ? { begun: 'typed' } : {}),
    ...(at.typing === 'enter' ? { begun: { echoEnd: at.echoEnd ?? place.now } } : {}),
    entering: (echoEnd) => keep({ ...at, typing: 'enter', echoEnd }),
  });
  if (turn.secret) hide(from, typed?.echoEnd ?? window.end());
  if (typed) {
    place.now = typed.echoEnd;
    onEvent({ type: 'console.said', text: shown, typedTimes: typed.typedTimes });
    return;
  }
  if (window.isClosed()) throw partner.ending();
  const times = typing.attempts.length;
  const saw = turn.secret ? {} : { saw: show(Math.max(from, window.end() - 1000)) || 'nothing' };
  throw new Fault(
    'console_deaf',
    `The guest did not echo "${shown}" although it was typed ${times} times. If it never echoes this, set "echo": false.`,
    { expected: shown, ...saw, typedTimes: times, ...seen() },
  );
};
