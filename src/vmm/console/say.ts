import { Fault } from '../../base/fault.ts';
import type { Partner } from './partner.ts';
import { typeLine } from './type.ts';
import type { Turn } from './types.ts';

/** Types the line of a turn, and proves that the guest has it. Throws `console_deaf`. */
export const say = async (partner: Partner, line: string, turn: Turn, signal: AbortSignal): Promise<void> => {
  const { window, write, typing, place, seen, show, hide, willType, conceal, onEvent } = partner;
  willType(line, turn.secret);
  const shown = turn.secret ? '<secret>' : line;
  if (!turn.echo) {
    await write(`${line}\r`);
    onEvent({ type: 'console.said', text: shown, typedTimes: 1 });
    return;
  }
  const from = window.end();
  // However mangled a secret comes back, nothing of it is written down; what follows its CR is.
  const typed = await typeLine(partner, line, signal, turn.secret ? conceal : undefined);
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
