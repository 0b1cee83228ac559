import type { WebhookEvent } from '../../../base/records/webhook-event.ts';
import type { BeganWith } from '../../asked.ts';
import type { Webhook } from '../../deliveries.ts';
import type { Store } from '../../store.ts';
import type { BuildRows } from '../build-rows.ts';
import type { Connection } from '../connection.ts';
import { places } from '../encryption/columns.ts';
import { parsed } from '../rows.ts';

type WebhookRow = {
  readonly place: number;
  readonly url: string;
  readonly events: string;
  readonly source: Webhook['source'];
  readonly secret: string | null;
};

/** What builds were made of, to make them again. */
export const makeFrozen = (
  { db, read, encryption }: Connection,
  { find, input }: Pick<BuildRows, 'find' | 'input'>,
): Pick<Store, 'frozen'> => {
  const began = db.prepare<[string], string | null>('SELECT began_with FROM build_input WHERE build_id = ?').pluck();
  const webhooks = db.prepare<[string], WebhookRow>(
    'SELECT place, url, events, source, secret FROM webhook WHERE build_id = ? ORDER BY place',
  );
  const toWebhook = (id: string, { place, url, events, source, secret }: WebhookRow): Webhook => ({
    url: encryption.decrypt<string>(url, places.webhookUrl(id, place)),
    events: parsed<readonly WebhookEvent[]>(events),
    source,
    ...(secret === null ? {} : { secret: encryption.decrypt<string>(secret, places.webhook(id, place)) }),
  });
  return {
    frozen: (id) =>
      read(() => {
        const [build, given] = [find(id), input(id)];
        if (build === undefined || given === undefined) return undefined;
        const beganWith = began.get(id) ?? undefined;
        return {
          ...{ build, input: given },
          ...(beganWith === undefined ? {} : { beganWith: parsed<BeganWith>(beganWith) }),
          notify: webhooks.all(id).map((row) => toWebhook(id, row)),
        };
      }),
  };
};
