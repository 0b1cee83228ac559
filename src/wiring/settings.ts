import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';

/** The configuration of a running daemon. */
export type Settings = {
  readonly now: () => Config;
  /** Takes over what may change while builds run: log level, media, retention, the cache of layers, the key to sign with, hosts to fetch from, to send to and to log in through. */
  readonly reload: (next: Config) => void;
};

export const makeSettings = (first: Config, logger: Pick<Logger, 'level'>): Settings => {
  let config = first;
  return {
    now: () => config,
    reload: (next) => {
      config = { ...config, log_level: next.log_level, media: next.media, retention: next.retention };
      config = { ...config, cache: next.cache };
      config = { ...config, sign: next.sign, communicator: next.communicator };
      config = { ...config, fetch: { ...config.fetch, hosts: next.fetch.hosts } };
      config = { ...config, destinations: { ...config.destinations, hosts: next.destinations.hosts } };
      logger.level = next.log_level;
    },
  };
};
