import { z } from 'zod';
import type { EventType } from './build-events.ts';

/** The events that a webhook may be told of: those of which a build has few, whatever its guest does. */
const webhookEvents = [
  'build.queued',
  'build.running',
  'build.phase',
  'build.held',
  'build.paused',
  'build.resumed',
  'build.cancel_requested',
  'build.requeued',
  'build.succeeded',
  'build.failed',
  'build.cancelled',
  'step.started',
  'step.ended',
  'artifact.published',
] as const satisfies readonly EventType[];

export type WebhookEvent = (typeof webhookEvents)[number];

/** How a build ends: told always, whatever else was. */
export const endEvents = ['build.succeeded', 'build.failed', 'build.cancelled'] as const satisfies WebhookEvent[];

export const WebhookEvents = z
  .array(z.enum(webhookEvents, `is none of ${webhookEvents.join(', ')}`))
  .min(1, 'names no event: name one, or leave it out')
  .max(webhookEvents.length)
  .default([...endEvents])
  .meta({ description: 'the events to tell of; default: how the build ends' });
