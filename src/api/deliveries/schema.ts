import { z } from 'zod';
import { pageOf, Time } from '../contract/common.ts';

const state = z
  .enum(['pending', 'delivered', 'failed'])
  .meta({ description: '`failed`: it is not tried again.', example: 'delivered' });

const own = {
  id: z.string().meta({
    description: 'Its name, also in the header `webhook-id`: the same at every attempt.',
    example: '01JNZ8Q7R5T3V9WXYZ0ABCDEFG-000012-00',
  }),
  build: z.string().meta({ description: 'The id of the build.' }),
  webhook: z.int().meta({
    description: 'Which of the build’s webhooks, from 0: those of the request, of the template, of the configuration.',
  }),
  to: z.string().meta({
    description: 'Where it goes: scheme and host alone, for the rest of a URL may be secret.',
    example: 'https://ci.example.org',
  }),
  type: z.string().meta({ description: 'The event that it tells of.', example: 'build.failed' }),
  redelivery_of: z.string().optional().meta({ description: 'The delivery that it repeats.' }),
  state,
  why: z.string().optional().meta({ description: 'Why it failed.' }),
  attempts: z.int().meta({ description: 'How often it was tried.' }),
  created_at: Time.meta({ description: 'When its event was.' }),
  next_at: Time.optional().meta({ description: 'When it is tried next.' }),
  ended_at: Time.optional().meta({ description: 'When it was delivered, or failed.' }),
  href: z.string().meta({ description: 'Its path.' }),
};

export const DeliveryInfo = z
  .object(own)
  .meta({ id: 'DeliveryInfo', description: 'One event of a build for one webhook.' });

export const DeliveryPage = pageOf(DeliveryInfo, 'Event by event.');

const Attempt = z
  .object({
    at: Time.meta({ description: 'When it began.' }),
    ms: z.int().meta({ description: 'How long it took.' }),
    status: z.int().optional().meta({ description: 'The status of the answer; missing where there was none.' }),
    answer: z.string().optional().meta({ description: 'What the answer’s body begins with.' }),
    error: z.string().optional().meta({ description: 'Why there was no whole answer.' }),
  })
  .meta({ id: 'DeliveryAttempt', description: 'One attempt to deliver.' });

export const Delivery = z
  .object({ ...own, log: z.array(Attempt).meta({ description: 'The attempts, in their order.' }) })
  .meta({ id: 'Delivery', description: 'One event of a build for one webhook, with its attempts.' });
