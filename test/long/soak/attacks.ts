/** Clients that mean harm. Each attack is one round; how the daemon answered it is judged at once. */

import { systemClock as clock } from '../../../src/base/clock.ts';
import { cleanupStack } from '../../../src/base/cleanup.ts';
import type { Stage } from './actor.ts';
import type { Bomb } from './bombs.ts';
import { answerOf, head, open } from './sockets.ts';

export type Attack = { readonly name: string; readonly weight: number; readonly act: () => Promise<void> };

// A disk that is full or a daemon that stops may be told to anybody.
const anytime = [503, 507];

const crowd = 700;

export const makeAttacks = (stage: Stage, bombs: readonly Bomb[]): readonly Attack[] => {
  const { ward, random, signal, blame } = stage;
  const { imaged } = ward;

  /** Opens so many connections, does something with each, and stays for a while. */
  const crowded = async (count: number, stayMs: number, text: string) => {
    await using all = cleanupStack();
    for (let at = 0; at < count; at++) all.keep(open(imaged.url())).socket.write(text);
    await clock.sleep(stayMs, signal);
  };

  /** Sends a body whole, and sees how it is answered. */
  const send = async ({ name, type, body, statuses }: Bomb, withinMs = 60_000) => {
    using line = open(imaged.url());
    const { life } = ward;
    const before = life();
    line.socket.write(
      head(
        'POST /builds?validate=true',
        imaged.token,
        `content-type: ${type}`,
        `content-length: ${body.length}`,
        '',
        '',
      ),
    );
    line.socket.write(body);
    const status = await answerOf(line, withinMs, signal);
    // A daemon that was ended meanwhile owes no answer, and one that hangs up has given one.
    if (life() !== before || !ward.isUp() || (status === undefined && !line.isOpen())) return;
    if (status === undefined) blame(`${name}: no answer within ${withinMs / 1000} s`);
    else if (![...statuses, ...anytime].includes(status)) blame(`${name}: answered with ${status}`);
  };

  /** Begins an upload, sends some of it, one piece each `everyMs`, and goes. */
  const drip = async (everyMs: number, forMs: number, piece: Buffer) => {
    using line = open(imaged.url());
    line.socket.write(
      head('POST /builds', imaged.token, 'content-type: application/gzip', 'content-length: 9000000', '', ''),
    );
    for (const until = clock.elapsed() + forMs; clock.elapsed() < until && line.isOpen();) {
      line.socket.write(piece);
      await clock.sleep(everyMs, signal);
    }
  };

  /** Asks for something large, and reads nothing of it. */
  const neverRead = async (path: string, forMs: number) => {
    using line = open(imaged.url());
    line.socket.pause();
    line.socket.write(head(`GET ${path}`, imaged.token, '', ''));
    await clock.sleep(forMs, signal);
  };

  const newest = async (): Promise<string> => {
    const found = await stage.client.ask('/builds?limit=1', async (reply) => reply.text());
    return /"id":"(\w{26})"/.exec(found)?.[1] ?? 'none';
  };

  const half = (request: string) => head(request, 'x').slice(0, -2);
  return [
    { name: 'idle connections', weight: 1, act: () => crowded(crowd, random.between(2000, 8000), '') },
    { name: 'half a head', weight: 1, act: () => crowded(100, random.between(2000, 8000), half('POST /builds')) },
    { name: 'noise', weight: 1, act: () => crowded(30, 1000, Buffer.from([...Array(400).keys()].map(() => random.below(256))).toString('latin1')) }, // prettier-ignore
    {
      name: 'wrong tokens',
      weight: 1,
      act: () => crowded(100, 1000, head('GET /builds', `wrong-${random.below(1e9)}`, '', '')),
    },
    { name: 'dripping upload', weight: 1, act: () => drip(500, random.between(3000, 15_000), Buffer.of(0x1f)) },
    { name: 'aborted upload', weight: 2, act: () => drip(10, 300, Buffer.alloc(20_000, 7)) },
    { name: 'slow reader of a log', weight: 1, act: async () => neverRead(`/builds/${await newest()}/log?follow=true`, 10_000) }, // prettier-ignore
    { name: 'slow reader of a console', weight: 1, act: async () => neverRead(`/builds/${await newest()}/console?follow=true`, 10_000) }, // prettier-ignore
    { name: 'slow reader of events', weight: 1, act: async () => neverRead(`/builds/${await newest()}/events?follow=true`, 10_000) }, // prettier-ignore
    { name: 'slow reader of builds', weight: 1, act: () => neverRead('/builds?limit=100', 5000) },
    ...bombs.map((bomb) => ({ name: bomb.name, weight: 0.7, act: () => send(bomb) })),
    {
      name: '40 slow patterns at once',
      weight: 0.7,
      act: async () => {
        const [bomb] = bombs.filter(({ name }) => name === 'slow patterns');
        if (bomb) await Promise.all(Array.from({ length: 40 }, () => send(bomb)));
      },
    },
  ];
};
