import type { z } from 'zod';
import type { AttemptEnd, Delivery as StoredDelivery } from '../../queue/deliveries.ts';
import { timeOf } from '../contract/common.ts';
import type { Delivery, DeliveryInfo } from './schema.ts';

export const showDeliveryInfo = (row: StoredDelivery): z.output<typeof DeliveryInfo> => ({
  id: row.id,
  build: row.buildId,
  webhook: row.place,
  to: new URL(row.url).origin,
  type: row.type,
  ...(row.redeliveryOf === undefined ? {} : { redelivery_of: row.redeliveryOf }),
  state: row.state,
  ...(row.why === undefined ? {} : { why: row.why }),
  attempts: row.attempts,
  created_at: timeOf(row.createdAt),
  ...(row.nextAt === undefined ? {} : { next_at: timeOf(row.nextAt) }),
  ...(row.endedAt === undefined ? {} : { ended_at: timeOf(row.endedAt) }),
  href: `/deliveries/${row.id}`,
});

const showAttempt = ({ at, ms, status, answer, error }: AttemptEnd): z.output<typeof Delivery>['log'][number] => ({
  at: timeOf(at),
  ms,
  ...(status === undefined ? {} : { status }),
  ...(answer === undefined ? {} : { answer }),
  ...(error === undefined ? {} : { error }),
});

export const showDelivery = (row: StoredDelivery, attempts: readonly AttemptEnd[]): z.output<typeof Delivery> => ({
  ...showDeliveryInfo(row),
  log: attempts.map(showAttempt),
});
