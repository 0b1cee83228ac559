import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Config, parseConfig } from '../src/config/config.ts';
import { makeSettings } from '../src/wiring/settings.ts';

const Described = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

/** The places of the configuration that say of themselves that they are read again. */
const readAgain = (schema: unknown, place: readonly string[] = []): readonly string[] => {
  const { description = '', properties = {} } = Described.parse(schema);
  if (description.includes('SIGHUP')) return [place.join('.')];
  return Object.entries(properties).flatMap(([key, below]) => readAgain(below, [...place, key]));
};

test('what the configuration says is read again on SIGHUP is, and nothing else', () => {
  const next = parseConfig(
    [
      'log_level = "warn"\nworkers = 7\nmedia = { own = "/srv/own" }\nsign = { key = "/etc/host.sec" }\nretention = { keep = 9 }',
      'fetch = { hosts = ["a.example.org"] }\ndestinations = { hosts = ["b.example.org"] }\ncommunicator = { bastions = ["c.example.org"] }',
    ].join('\n'),
    'next.toml',
  );
  const first = parseConfig('', 'first.toml');
  const logger = { level: 'info' };
  const settings = makeSettings(first, logger);
  settings.reload(next);
  const now = settings.now();
  assert.deepEqual(now, {
    ...first,
    ...{ log_level: 'warn', media: next.media, sign: next.sign, retention: next.retention },
    ...{ communicator: next.communicator, fetch: { ...first.fetch, hosts: next.fetch.hosts } },
    destinations: next.destinations,
  });
  assert.equal(logger.level, 'warn');
  const said = readAgain(z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }));
  assert.deepEqual(said.toSorted(), ['communicator.bastions', 'destinations.hosts', 'fetch.hosts', 'log_level', 'media', 'retention', 'sign']); // prettier-ignore
});
