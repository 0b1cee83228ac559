import { makeView } from '../src/api/builds/view.ts';
import { makeTell } from '../src/api/deliveries/body.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { endEvents } from '../src/base/records/webhook-event.ts';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { LookUp } from '../src/outward/reach.ts';
import { startDeliverer, type Deliverer, type DelivererLimits } from '../src/notify/deliverer.ts';
import type { Webhook } from '../src/queue/deliveries.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, claimed, storeShop, type Shop } from './store-shop.ts';

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';

export const tell = makeTell(makeView({ withoutPaths: (_build, text) => text }));

export const aWebhook = (url: string, change: Partial<Webhook> = {}): Webhook => ({
  ...{ url, events: [...endEvents], source: 'request', secret },
  ...change,
});

export const quick: DelivererLimits = { withinMs: 400, atOnceForHost: 2, atOnce: 16 };

export type WebhookShop = AsyncDisposable & {
  readonly shop: Shop;
  readonly deliverer: () => Deliverer;
  /** Stops to deliver and opens the store again, as a new daemon would. */
  readonly restart: () => Promise<void>;
  /** Sets the clock ahead. */
  readonly pass: (ms: number) => void;
  /** Makes a build that fails at once; gives its id. */
  readonly fail: (notify: readonly Webhook[]) => Promise<string>;
  /** The only delivery of a build, once so many attempts have been made. */
  readonly attempted: (build: string, attempts: number) => ReturnType<WebhookShop['only']>;
  readonly only: (build: string) => Promise<NonNullable<Awaited<ReturnType<Shop['store']['delivery']>>>>;
};

/** A store and who delivers what it has, to the hosts that are named. */
export const webhookShop = async (
  hosts: readonly string[],
  { limits = quick, lookUp, configured = {} }: WebhookShopOptions = {},
): Promise<WebhookShop> => {
  const cleanup = cleanupStack();
  const shop = cleanup.keep(await storeShop({ tell }));
  const start = () =>
    startDeliverer({
      ...{ store: shop.store, clock: shop.clock, limits, random: () => 0 },
      peer: destination(() => hosts.map(hostOf), lookUp),
      secretOf: (url) => configured[url],
      log: { warn: () => undefined },
    });
  let deliverer = start();
  cleanup.defer(async () => deliverer[Symbol.asyncDispose]());
  const only: WebhookShop['only'] = async (build) => {
    const { items } = await shop.store.deliveries(build, { limit: 2 });
    const found = items.length === 1 ? await shop.store.delivery(items[0]?.id ?? '') : undefined;
    if (found === undefined) throw new Error(`the build has ${items.length} deliveries`);
    return found;
  };
  return {
    shop,
    deliverer: () => deliverer,
    restart: async () => {
      await deliverer[Symbol.asyncDispose]();
      await shop.reopen();
      deliverer = start();
    },
    pass: (ms) => {
      shop.clock.time += ms;
      deliverer.wake();
    },
    fail: async (notify) => {
      await shop.store.add(aBuild({ notify }));
      const { build, token } = await claimed(shop.store);
      await shop.store.finish(build.id, token, {
        status: 'failed',
        fault: aFault('guest_panicked', 'panic: as it comes'),
      });
      return build.id;
    },
    only,
    attempted: async (build, attempts) => {
      await untilTrue(async () => (await only(build)).attempts.length >= attempts);
      return only(build);
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

export type WebhookShopOptions = {
  readonly limits?: DelivererLimits;
  readonly lookUp?: LookUp;
  readonly configured?: Readonly<Record<string, string>>;
};
