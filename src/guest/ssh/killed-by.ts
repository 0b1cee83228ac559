import { constants } from 'node:os';

// How a shell tells that a signal ended its command (POSIX: an exit code above 128).
const killed = 128;

/** The name of the signal that ended a command, by the exit code with which a shell tells of it. */
export const killedBy = (exitCode: number): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => number === exitCode - killed)?.[0];
