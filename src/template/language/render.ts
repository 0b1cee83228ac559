import { callFunction, isFunction } from './functions.ts';
import type { RuntimeFacts, Text } from '../spec.ts';

const nowhere = { frozen: { buildId: '', timestampMs: 0 }, templateName: '', place: '' };

/** A text with its runtime values filled in, each through the functions that the template applies to it. */
export const render = (text: Text, runtime: RuntimeFacts): string =>
  text
    .map((piece) =>
      typeof piece === 'string'
        ? piece
        : piece.apply.reduce(
            (fact, name) => (isFunction(name) ? callFunction(name, [fact], nowhere) : fact),
            runtime[piece.runtime],
          ),
    )
    .join('');
