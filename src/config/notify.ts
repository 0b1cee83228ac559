import { z } from 'zod';
import { webhookBounds } from '../base/bounds.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { WebhookEvents } from '../base/records/webhook-event.ts';
import { AbsolutePath } from '../base/units.ts';
import { webhookUrlOf } from '../base/webhooks/url.ts';

const Url = z.string().transform((text, context) => {
  try {
    return webhookUrlOf(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const Webhook = z.strictObject({
  url: Url.describe('Where events are sent with POST. [destinations] must list its host.'),
  events: WebhookEvents.describe('The events to tell of. Default: how a build ends.'),
  secret_file: AbsolutePath.optional().describe(
    'A file that holds the secret that they are signed with, which no other user may read. Default: they are not signed.',
  ),
});

/** The table [notify] of imaged.conf: who is told of every build. */
export const Notify = z
  .strictObject({
    webhooks: z
      .array(Webhook)
      .max(webhookBounds.webhooks)
      .default([])
      .describe('Webhooks that are told of every build.'),
  })
  .prefault({});

export type Notify = z.output<typeof Notify>;
