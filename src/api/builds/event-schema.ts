import { z } from 'zod';
import { buildEvents } from '../../base/records/build-events.ts';
import { snakeName } from '../../base/json/snake-case.ts';
import { Time } from '../contract/common.ts';

/** The same data as a client reads it: see `snakeCased`. */
const shown = (data: z.ZodType): z.ZodType =>
  data instanceof z.ZodObject
    ? z.object(Object.fromEntries(Object.entries(data.shape).map(([key, field]) => [snakeName(key), field])))
    : data;

/** `build.cancel_requested` is a `BuildCancelRequestedEvent`. */
const schemaName = (type: string): string =>
  `${type.replaceAll(/(?:^|[._])([a-z])/g, (_all, letter: string) => letter.toUpperCase())}Event`;

const eventOf = ([type, data]: readonly [string, z.ZodType]) =>
  z
    .object({
      seq: z.int().meta({ description: 'Counts from 1 in each build, without gaps.' }),
      at: Time,
      type: z.literal(type).meta({ description: 'What happened.' }),
      data: shown(data).meta({ description: 'What is known of it.' }),
    })
    .meta({ id: schemaName(type), description: data.description ?? '' });

const { 'build.queued': first, ...others } = buildEvents;

export const Event = z
  .discriminatedUnion('type', [eventOf(['build.queued', first]), ...Object.entries(others).map(eventOf)])
  .meta({
    id: 'Event',
    description: 'Something that happened to a build. New types may be added, and new fields to the data of a type.',
  });
