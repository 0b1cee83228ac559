import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on stdout, as syslog and journals want them; for people where stdout is a terminal. */
export const makeLogger = async (level: string): Promise<Logger> => {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['req.headers.authorization', 'headers.authorization'], censor: '<secret>' },
  };
  if (!process.stdout.isTTY) return pino(options);
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ sync: true, translateTime: 'HH:MM:ss.l', ignore: 'hostname,pid' }));
};
