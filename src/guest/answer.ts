import type { Guest } from './types.ts';

const mark = 'imaged: ';

/**
 * The one line that a command of imaged's own prints in the guest; '' where it prints none. It is marked, for a console
 * also shows what the kernel and other programs have to say.
 */
export const answerOf = async (guest: Guest, command: string, signal: AbortSignal): Promise<string> => {
  let answer = '';
  const onLines = (lines: readonly string[]) => {
    for (const line of lines) if (line.startsWith(mark)) answer = line.slice(mark.length).trim();
  };
  await guest.run(`echo "${mark}$(${command})"`, { onLines }, signal);
  return answer;
};
