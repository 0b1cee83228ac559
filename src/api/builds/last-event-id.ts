import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Offset } from '../contract/common.ts';
import { checked } from '../server/field-errors.ts';

const LastEventId = z.object({ 'last-event-id': Offset.optional() });

/**
 * Where a stream begins: where the query says, or behind what was read already. A browser that comes back asks at the
 * same address, with the `Last-Event-ID` that it has read since. Throws `invalid_input`.
 */
export const startOf = ({ headers }: FastifyRequest, asked = 0): number => {
  const { 'last-event-id': last = 0 } = checked(LastEventId, { 'last-event-id': headers['last-event-id'] }, 'header');
  return Math.max(asked, last);
};
