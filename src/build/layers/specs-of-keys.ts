import type { SpecsOfKeys } from '../../layers/keys/keys.ts';
import type { Frozen } from '../../template/language/functions.ts';
import type { Spec } from '../../template/spec.ts';

/** The same value, and whether it was asked for. */
const watched = (frozen: Frozen): { readonly frozen: Frozen; readonly used: ReadonlySet<keyof Frozen> } => {
  const used = new Set<keyof Frozen>();
  return {
    frozen: {
      get buildId() {
        used.add('buildId');
        return frozen.buildId;
      },
      get timestampMs() {
        used.add('timestampMs');
        return frozen.timestampMs;
      },
    },
    used,
  };
};

// Another build, and another day, hour, minute and second of another year.
const otherOf: { readonly [Key in keyof Frozen]: (frozen: Frozen) => Frozen } = {
  buildId: (frozen) => ({ ...frozen, buildId: [...frozen.buildId].reverse().join('') }),
  timestampMs: (frozen) => ({ ...frozen, timestampMs: frozen.timestampMs - 34_218_061_000 }),
};

const nameOf: { readonly [Key in keyof Frozen]: string } = { buildId: 'the build’s id', timestampMs: 'the time' };

/** What the keys of a build are made of: its spec, and the same for another build and at another time where it asks for them. */
export const specsOfKeys = async (frozen: Frozen, resolve: (frozen: Frozen) => Promise<Spec>): Promise<SpecsOfKeys> => {
  const { frozen: given, used } = watched(frozen);
  const spec = await resolve(given);
  const others: { readonly name: string; readonly spec: Spec }[] = [];
  for (const key of used) others.push({ name: nameOf[key], spec: await resolve(otherOf[key](frozen)) });
  return { spec, others };
};
