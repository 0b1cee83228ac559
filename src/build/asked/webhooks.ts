import { fieldErrors } from '../../base/field-errors.ts';
import { webhookBounds } from '../../base/bounds.ts';
import type { BuildAsk } from '../../queue/asked.ts';
import type { Webhook } from '../../queue/deliveries.ts';
import type { Spec } from '../../template/spec.ts';

/** What this host has to do with webhooks. */
export type Webhooks = {
  /** Why this URL may not be told: the end of a sentence that begins with it; undefined: it may. */
  readonly refuse: (url: URL) => string | undefined;
  /** Who is told of every build: as the configuration has it now. */
  readonly configured: () => readonly Webhook[];
};

type Asked = Pick<Webhook, 'url' | 'events' | 'secret'>;

const noWebhooks: Webhooks = {
  refuse: () => 'cannot be told here',
  configured: () => [],
};

/**
 * Who is told of a build: those that the template and the request name, and those of the configuration. One URL is told
 * once. Throws `template_invalid` where the configuration does not let one be told.
 */
export const webhooksOf = (
  { notify: inTemplate }: Pick<Spec, 'notify'>,
  { notify: inRequest = [] }: Pick<BuildAsk, 'notify'>,
  webhooks: Webhooks = noWebhooks,
): readonly Webhook[] => {
  const wrong = fieldErrors();
  const judge = (asked: readonly Asked[], place: string) => {
    for (const [at, { url }] of asked.entries()) {
      const why = webhooks.refuse(new URL(url));
      if (why !== undefined) wrong.add(`${place}/${at}/url`, why);
    }
  };
  judge(inRequest, '/notify');
  judge(inTemplate, '/template/notify');
  if (!wrong.isEmpty())
    throw wrong.fault('template_invalid', 'The build may not be told of everywhere that it asks for');
  const asked = [...inRequest, ...inTemplate].map((one) => ({ ...one, source: 'request' as const }));
  const all = [...asked, ...webhooks.configured()];
  return all
    .filter(({ url }, at) => all.findIndex((one) => one.url === url) === at)
    .slice(0, 3 * webhookBounds.webhooks);
};
