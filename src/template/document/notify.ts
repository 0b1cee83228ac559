import { z } from 'zod';
import { webhookBounds } from '../../base/bounds.ts';
import { WebhookEvents } from '../../base/records/webhook-event.ts';
import { strict, Words } from './words.ts';

const Webhook = strict({
  url: Words.max(4096).describe(
    'where events are sent with POST; its host must be one that the configuration lists under [destinations]',
  ),
  events: WebhookEvents.describe('the events to tell of; default: how the build ends'),
  secret: Words.max(4096)
    .optional()
    .describe('what they are signed with: a sensitive variable, such as `{{ webhook_secret }}`; default: not signed'),
}).describe('who is told of events');

export const Notify = z
  .array(Webhook)
  .max(webhookBounds.webhooks)
  .default([])
  .describe('who is told of a build and its end');
