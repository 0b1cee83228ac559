import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';

/** The configuration of a running daemon. */
export type Settings = {
  readonly now: () => Config;
  /** Takes over what may change while builds run: log level, media, retention, hosts to fetch from and to send to. */
  readonly reload: (next: Config) => void;
};

export const makeSettings = (first: Config, logger: Pick<Logger, 'level'>): Settings => {
  let config = first;
  return {
    now: () => config,
    reload: (next) => {
      config = { ...config, log_level: next.log_level, media: next.media, retention: next.retention };
      config = { ...config, fetch: { ...config.fetch, hosts: next.fetch.hosts } };
      config = { ...config, destinations: next.destinations };
      logger.level = next.log_level;
    },
  };
};
