import { Fact } from '../parts/fact.tsx';
import { durationText, sizeText } from '../parts/format.ts';
import type { ShownHost } from './facts.ts';

/** The kept layers, and what they were good for. */
export const Cache = ({ layers }: { readonly layers: NonNullable<ShownHost['layers']> }) => {
  const { kept, bytes, hits, misses, saved_seconds: saved } = layers;
  const looked = hits + misses;
  return (
    <section aria-labelledby="cache">
      <h2 id="cache">Cache</h2>
      <dl class="facts">
        <Fact name="Layers">
          <a href="layers">{kept}</a>, {sizeText(bytes)}
        </Fact>
        <Fact name="Hits">
          {hits} of {looked}
          {looked === 0 ? '' : ` (${Math.round((100 * hits) / looked)} %)`}
        </Fact>
        <Fact name="Saved">{durationText(saved * 1000)}</Fact>
        <Fact name="Counted">since the daemon was started</Fact>
      </dl>
    </section>
  );
};
