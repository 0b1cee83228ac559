import { readFile, stat } from 'node:fs/promises';
import { errnoOf } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { webhookSecretOf } from '../base/webhooks/secret.ts';
import type { Webhooks } from '../build/asked/webhooks.ts';
import type { Config } from '../config/config.ts';
import { startDeliverer, type Deliverer } from '../notify/deliverer.ts';
import { destination } from '../outward/destination.ts';
import type { Store } from '../queue/store.ts';
import type { SharedParts } from './shared.ts';

const unusable = (file: string, why: string, cause?: unknown): Fault =>
  new Fault('configuration_invalid', `notify.webhooks: secret_file: ${file} ${why}.`, {}, { cause });

/** Throws `configuration_invalid`. */
const secretIn = async (file: string): Promise<string> => {
  const { mode } = await stat(file).catch((error: unknown) => {
    throw unusable(file, `cannot be read (${errnoOf(error) ?? String(error)})`, error);
  });
  if ((mode & 0o077) !== 0) throw unusable(file, 'can be read by other users: chmod 600 it');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusable(file, `cannot be read (${errnoOf(error) ?? String(error)})`, error);
  });
  try {
    return webhookSecretOf(text.trim());
  } catch (error) {
    throw error instanceof ParseError ? unusable(file, error.message, error) : error;
  }
};

/** The secrets of the configuration's webhooks, by URL. Throws `configuration_invalid`. */
const secretsOf = async ({ notify: { webhooks } }: Config): Promise<ReadonlyMap<string, string>> => {
  const secrets = new Map<string, string>();
  for (const { url, secret_file: file } of webhooks) if (file !== undefined) secrets.set(url, await secretIn(file));
  return secrets;
};

/** Who may be told of builds, and who tells them. */
export type News = {
  readonly webhooks: Webhooks;
  readonly startDeliverer: (store: Store) => Deliverer;
};

/** Throws `configuration_invalid`. */
export const openNews = async ({ config, clock, logger }: SharedParts): Promise<News> => {
  const peer = destination(() => config().destinations.hosts);
  const secrets = await secretsOf(config());
  return {
    webhooks: {
      refuse: (url) => peer.reach?.refuse(url),
      configured: () =>
        config().notify.webhooks.map(({ url, events }) => ({ url, events, source: 'configuration' as const })),
    },
    startDeliverer: (store) =>
      startDeliverer({
        ...{ store, peer, clock, random: Math.random, log: logger },
        secretOf: (url) => secrets.get(url),
      }),
  };
};
