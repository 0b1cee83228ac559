import { Fault, type FieldError } from '../../base/fault.ts';
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

const refusals = (asked: readonly Asked[], place: string, { refuse }: Webhooks): readonly FieldError[] =>
  asked.flatMap(({ url }, at) => {
    const why = refuse(new URL(url));
    return why === undefined ? [] : [{ pointer: `${place}/${at}/url`, message: why }];
  });

/**
 * Who is told of a build: those that the template and the request name, and those of the configuration. One URL is told
 * once. Throws `template_invalid` where the configuration does not let one be told.
 */
export const webhooksOf = (
  { notify: inTemplate }: Pick<Spec, 'notify'>,
  { notify: inRequest = [] }: Pick<BuildAsk, 'notify'>,
  webhooks: Webhooks = noWebhooks,
): readonly Webhook[] => {
  const errors = [...refusals(inTemplate, '/template/notify', webhooks), ...refusals(inRequest, '/notify', webhooks)];
  if (errors.length > 0)
    throw new Fault('template_invalid', 'The build wants to be told where this host may tell nothing.', { errors });
  const asked = [...inRequest, ...inTemplate].map((one) => ({ ...one, source: 'request' as const }));
  const all = [...asked, ...webhooks.configured()];
  return all
    .filter(({ url }, at) => all.findIndex((one) => one.url === url) === at)
    .slice(0, 3 * webhookBounds.webhooks);
};
