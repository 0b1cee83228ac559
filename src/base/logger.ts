import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on stdout, as syslog and journals want them; for people where stdout is a terminal. */
export const makeLogger = async (level: string): Promise<Logger> => {
  const options = {
    level,
    base: null,
    // Pino's own numbers mean nothing to a person who reads a log.
    formatters: { level: (word: string) => ({ level: word }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['req.headers.authorization', 'headers.authorization'], censor: '<secret>' },
  };
  // The reader of the log may end at any time (a logger(1) that is stopped first): later lines are lost, and
  // nothing else. Pino's own destination would wait for that reader for ever when the process ends (sonic-boom 4.2).
  process.stdout.on('error', () => undefined);
  if (!process.stdout.isTTY) return pino(options, process.stdout);
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ sync: true, translateTime: 'HH:MM:ss.l', ignore: 'hostname,pid' }));
};
