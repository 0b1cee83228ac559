import { callFunction, isFunction } from './functions.ts';
import type { LateFacts, Text } from '../spec.ts';

const nowhere = { frozen: { buildId: '', timestampMs: 0 }, templateName: '', place: '' };

/** A text with its holes filled in: the facts of the machine, through the functions the template put them through. */
export const render = (text: Text, late: LateFacts): string =>
  text
    .map((piece) =>
      typeof piece === 'string'
        ? piece
        : piece.apply.reduce(
            (fact, name) => (isFunction(name) ? callFunction(name, [fact], nowhere) : fact),
            late[piece.late],
          ),
    )
    .join('');
