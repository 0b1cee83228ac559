import { join } from 'node:path';
import { systemClock as clock } from '../../../src/base/clock.ts';
import { migrations, openStore } from '../../../src/queue/sqlite/open-store.ts';
import { aLayer, keyOf, shelfIn } from '../../../test/layer-shop.ts';
import { showSpread, spread } from '../numbers.ts';
import type { Row } from '../row.ts';
import { workplace } from '../workplace.ts';

const mostMs = 5;
const layers = 10_000;
const steps = 20;
const rounds = 100;

export const lookUp: Row = {
  name: 'layers',
  what: `a plan of ${steps} steps looked up among ${layers.toLocaleString('en')} layers; besides, the ten nearest of each step, by which is said why it was missed`,
  reach: `<= ${mostMs} ms for the plan`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using store = await openStore({ file: join(place.folder, 'imaged.db'), migrations, clock });
    const keys = Array.from({ length: layers }, (_, at) => keyOf(String(at).padStart(32, '0')));
    const ingredients = Array.from({ length: steps }, (_, at) => ({ name: `part ${at}`, digest: 'ab'.repeat(32) }));
    const add = async (key: string, at: number) => {
      const parent = at % steps === 0 ? {} : { parent: keys[at - 1] ?? '' };
      const own = { key, bytes: 1, ownBytes: 1, files: [], ingredients, step: `step-${at % steps}`, facts: {} };
      await store.layers.add({ ...aLayer(), ...own, ...parent });
    };
    await Promise.all(keys.map(add));
    await store.layers.releaseEnded();
    const { shelf } = shelfIn(join(place.folder, 'layers'), store);
    const [looked, near]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      const from = (round % (layers / steps)) * steps;
      const began = clock.elapsed();
      await shelf.known(keys.slice(from, from + steps));
      const known = clock.elapsed();
      await Promise.all(ingredients.map((_, at) => shelf.nearest('tiny', `step-${at}`, undefined)));
      looked.push(known - began);
      near.push(clock.elapsed() - known);
    }
    const [one, other] = [spread(looked), spread(near)];
    return {
      measured: `${showSpread(one, 2)} ms, ${showSpread(other, 2)} ms`,
      isReached: one.median <= mostMs,
      facts: { milliseconds: one.median, nearestMs: other.median },
    };
  },
};
