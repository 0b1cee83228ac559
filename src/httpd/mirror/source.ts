import type { Source } from '../../fetch/source.ts';

/** Upstream of the mirror, which the operator has named: whatever it leads to is reached. */
export const mirrorSource: Source = {
  unavailable: 'mirror_unavailable',
  damaged: 'mirror_damaged',
  refused: 'mirror_refused',
  advice: 'Does [mirror] upstream name a mirror that has it?',
  right: 'the file that is signed',
};
