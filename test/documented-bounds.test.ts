import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { usualTimeouts } from '../src/api/server/connections/timeouts.ts';
import {
  bounds,
  layerBounds,
  lineBounds,
  scheduleBounds,
  statisticsBounds,
  webhookBounds,
} from '../src/base/bounds.ts';
import { connectionsOfEndpoint } from '../src/base/descriptors.ts';
import { longestMs } from '../src/base/units.ts';
import { longestPauseMs } from '../src/notify/rules.ts';
import { longestSmallFile } from '../src/openbsd/served-sets.ts';
import { eventBound } from '../src/vmm/qemu/event-bound.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

const read = (path: string) => readFile(join(top, path), 'utf8');

/** The number that a file of src gives a constant which it keeps to itself: a product or sum of literals. */
const constant = async (path: string, name: string): Promise<number> => {
  const [, written] = new RegExp(`^(?:export )?const ${name} = ([0-9_ *+]+);`, 'm').exec(await read(path)) ?? [];
  assert.ok(written !== undefined, `${path} has no number ${name}`);
  const product = (text: string) => text.split('*').reduce((all, one) => all * Number(one.replaceAll('_', '')), 1);
  const powers = written.replaceAll(/(\d+) \*\* (\d+)/g, (_all, base: string, to: string) => String(Number(base) ** Number(to))); // prettier-ignore
  return powers.split('+').reduce((sum, one) => sum + product(one), 0);
};

const kib = 1024;
const mib = 1024 * kib;
const second = 1000;
const hour = 3600 * second;

const leaving = 'src/wiring/stop.ts';
const [leavingMs, closingMs] = [await constant(leaving, 'leavingMs'), await constant(leaving, 'closingMs')];
const { body, reader, headersMs, strangerIdleMs } = usualTimeouts;
const disposeMs = await constant('src/queue/scheduler.ts', 'disposeWithinMs');
const shownOfQueue = await constant('src/api/queue/routes.ts', 'most');
const pattern = 'src/base/pattern/syntax.ts';

/** What documents say, with the numbers that the code has. A line's end counts as a blank. */
const sentences: Readonly<Record<string, readonly string[]>> = {
  'docs/threat-model.md': [
    `more than ${eventBound.atOnce.toLocaleString('en')} events end the machine`,
    `what QEMU has written takes ${lineBounds.wordsBytes / mib} MB each at most`,
  ],
  'docs/operating.md': [
    `ends within ${(leavingMs + closingMs) / second} s;`,
    `within ${disposeMs / second} s. SIGHUP`,
    `SIGTERM waits up to ${leavingMs / second} s for the end of such a step`,
    `The file takes ${lineBounds.aheadBytes / mib} MB from when the daemon`,
    `leaves beside the daemon (${await constant('src/base/descriptors.ts', 'ofDaemon')})`,
    `(${20 + 2 * connectionsOfEndpoint} each, ${2 * connectionsOfEndpoint} of them for the connections of the guest)`,
    `at most ${await constant('src/base/descriptors.ts', 'mostConnections')}; `,
    `Headers have ${headersMs / second} s, a connection without a token ${strangerIdleMs / second} s between two requests`,
    `a body comes with ${body.leastBytesPerSecond / kib} KiB/s at least`,
    `a second for each ${body.wholeBytesPerSecond / kib} KiB, and an answer is taken with ${reader.leastBytesPerSecond / kib} KiB/s`,
    `A guest has ${connectionsOfEndpoint} connections to its endpoint.`,
    `the median of the last ${statisticsBounds.recentBuilds} builds`,
    `behind the first ${await constant('src/queue/progress.ts', 'queueSeen')} of the queue`,
    `within ${(await constant('src/api/changes/watch-builds.ts', 'tickMs')) / second} s is told as one`,
    `more than ${await constant('src/api/changes/log.ts', 'kept')} changes`,
    `and the first ${shownOfQueue} of them`,
    `the last ${await constant('src/api/statistics/routes.ts', 'usualDays')} days, or of up to ${statisticsBounds.days} by`,
    `Per day at most ${statisticsBounds.templates} templates are counted separately, with at most ${statisticsBounds.rowsOfDay} times of each`,
    `${(await constant('src/api/server/streams/send-stream.ts', 'heartbeatMs')) / second} s: heartbeats come between`,
    `${(await constant('src/api/builds/attach/relay.ts', 'pingMs')) / second} s: pings come between`,
    `resumed and retried ${bounds.buildChanges} times in all`,
  ],
  'docs/webhooks.md': [
    `and so on up to ${longestPauseMs / hour} h;`,
    `and ${webhookBounds.waiting} wait for it`,
    `has at most ${webhookBounds.deliveries} for each webhook`,
    `its last ${scheduleBounds.runs} times`,
  ],
  'docs/layers.md': [`no more than ${layerBounds.previewBytes / mib} MiB of files are read`],
  'docs/page.md': [
    `At most ${(await constant('src/page/compare/consoles/read.ts', 'mostBytes')) / mib} MiB of each are read`,
    `of at most ${await constant('src/page/compare/consoles/diverge.ts', 'widest')} lines`,
    `each of the first ${shownOfQueue} builds`,
    `than ${(await constant('src/page/console/transcript.ts', 'mostBytes')) / mib} MiB the end is shown`,
  ],
  'docs/vmd.md': [`only after ${(await constant('src/vmm/vmd/stop.ts', 'againAfterMs')) / second} s`],
  'man/imaged.8': [`That takes at most ${disposeMs / second} seconds.`],
  'man/imaged.conf.5': [`${lineBounds.aheadBytes / mib} MB of it at most`],
  'man/imaged-template.5': [
    `of at most ${longestMs / (24 * hour)} days`,
    `A pattern has at most ${await constant(pattern, 'longestPattern')} characters, and comes to at most ${await constant(pattern, 'mostSteps')} steps`,
    `A template has at most ${bounds.values} values, ${bounds.variables} variables, ${bounds.httpEntries} paths under .Ic http`,
    `${bounds.provisioners} provisioners, ${bounds.postProcessors} post-processors, ${bounds.turns} turns in a conversation`,
    `and ${bounds.passwords} passwords;`,
    `All files together have at most ${(await constant('src/image/medium/cd.ts', 'mostBytes')) / mib} MB.`,
    `It is a text in UTF-8 of at most ${longestSmallFile / kib} KiB;`,
    `digest is compared, at most ${(await constant('src/guest/console/send.ts', 'mostBytes')) / mib} MB.`,
    `is at most ${await constant('src/post-processors/sign.ts', 'mostMb')} MB: of an image, sign a checksum`,
    `and at most ${(await constant('src/build/after-failure/error-cleanup.ts', 'mostMs')) / 60 / second} minutes`,
  ],
};

for (const [document, said] of Object.entries(sentences))
  test(`${document} says the bounds that the code has`, async () => {
    const text = (await read(document)).replaceAll(/\s+/g, ' ');
    assert.deepEqual(
      said.filter((sentence) => !text.includes(sentence)),
      [],
    );
  });
