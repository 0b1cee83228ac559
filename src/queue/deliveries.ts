/** What the store keeps of webhooks: who is told of a build, and how that went. */

import type { WebhookEvent } from '../base/records/webhook-event.ts';
import type { Page, PageAsk } from './records.ts';

/** Who is told of a build. */
export type Webhook = {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** Of the configuration: its secret is looked up there when it is told. */
  readonly source: 'request' | 'configuration';
  readonly secret?: string;
};

/** How one attempt to tell went: a status, or an error where there was no whole answer. */
export type AttemptEnd = {
  /** Unix milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly status?: number;
  /** The first bytes of the answer's body. */
  readonly answer?: string;
  readonly error?: string;
};

export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** One event of a build for one webhook. */
export type Delivery = {
  readonly id: string;
  readonly buildId: string;
  /** Which of the build's webhooks, from 0. */
  readonly place: number;
  readonly url: string;
  readonly type: string;
  /** Of the one that this repeats. */
  readonly redeliveryOf?: string;
  readonly state: DeliveryState;
  /** Why it failed. */
  readonly why?: string;
  readonly createdAt: number;
  readonly nextAt?: number;
  readonly endedAt?: number;
  readonly attempts: number;
};

/** A delivery that is due, with what is needed to make it. */
export type DueDelivery = Delivery &
  Pick<Webhook, 'source' | 'secret'> & { readonly host: string; readonly body: string };

/** What follows an attempt. */
export type AfterAttempt =
  | { readonly state: 'pending'; readonly nextAt: number }
  | { readonly state: 'delivered' }
  | { readonly state: 'failed'; readonly why: string };

/** The part of the store that is about deliveries. They are written with the events that they tell of. */
export type DeliveryStore = {
  /** Of a build, webhook by webhook and in the order of its events. */
  readonly deliveries: (buildId: string, page: PageAsk) => Promise<Page<Delivery>>;
  readonly delivery: (
    id: string,
  ) => Promise<{ readonly delivery: Delivery; readonly attempts: readonly AttemptEnd[] } | undefined>;
  /**
   * The one that is due first, but for hosts that are busy and deliveries that are on their way. What is due later than
   * `farthest` (Unix ms) is due now: the clock was set back since.
   */
  readonly dueDelivery: (ask: {
    readonly busyHosts: readonly string[];
    readonly onTheWay: readonly string[];
    readonly farthest: number;
  }) => Promise<DueDelivery | undefined>;
  /** When a delivery is due next that is not on its way, Unix milliseconds. */
  readonly nextDelivery: (onTheWay: readonly string[]) => Promise<number | undefined>;
  readonly deliveryAttempted: (id: string, attempt: AttemptEnd, then: AfterAttempt) => Promise<void>;
  /**
   * Tells the same once more, under an id of its own. Undefined: there is no such delivery. Throws `delivery_pending` where
   * it is still under way, `deliveries_full` where the build has had as many as it may.
   */
  readonly redeliver: (id: string) => Promise<Delivery | undefined>;
};
