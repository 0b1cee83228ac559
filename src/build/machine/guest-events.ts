import type { EventType } from '../../base/records/build-events.ts';
import { Fault } from '../../base/fault.ts';

/** Events of which a guest can cause any number, and the bound of the configuration under which each counts. */
const bounds = {
  'http.request': 'requests',
  'set.fetched': 'events',
  'set.refused': 'events',
  'machine.rebooted': 'events',
  'boot.progress': 'events',
} as const satisfies Partial<Record<EventType, keyof EventBounds>>;

export type EventBounds = {
  readonly events: number;
  readonly requests: number;
  /** More than so many times a bound is a flood. */
  readonly flood: number;
};

export type GuestEvents = {
  /** Whether an event of this type is kept; one that is not is counted. Throws `guest_floods`. */
  readonly admit: (type: EventType) => boolean;
  /** How many were left out, by type. */
  readonly leftOut: () => Readonly<Record<string, number>>;
};

const isBounded = (type: EventType): type is keyof typeof bounds => Object.hasOwn(bounds, type);

/** Counts what a guest causes. `before` events of the build were written by earlier attempts. */
export const countGuestEvents = (bound: EventBounds, before: number): GuestEvents => {
  const whole = bound.events + bound.requests;
  const left = {
    events: Math.max(0, Math.min(bound.events, whole - before)),
    requests: Math.max(0, Math.min(bound.requests, whole - before)),
  };
  const seen = { events: 0, requests: 0 };
  const leftOut: Record<string, number> = {};
  return {
    admit: (type) => {
      if (!isBounded(type)) return true;
      const kind = bounds[type];
      const most = bound[kind] * bound.flood;
      if (++seen[kind] > most)
        throw new Fault(
          'guest_floods',
          `The guest has caused more than ${most} ${kind}, of which a build keeps ${bound[kind]}. Let it do less, or raise "${kind}" in the configuration.`,
          { expected: `at most ${most} ${kind}`, saw: 'more' },
        );
      if (seen[kind] <= left[kind]) return true;
      leftOut[type] = (leftOut[type] ?? 0) + 1;
      return false;
    },
    leftOut: () => leftOut,
  };
};
