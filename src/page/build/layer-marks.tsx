import type { Build } from '../api/types.ts';
import { durationText } from '../parts/format.ts';
import { hrefOf } from '../shell/router.ts';
import type { LayerMark, LayerStory } from './layers.ts';

const words: Readonly<Record<LayerMark['kind'], string>> = {
  taken: 'taken from a layer up to here',
  awaited: 'waited for another build that makes this layer',
  missed: 'no layer from here on',
  kept: 'kept as a layer',
  'not kept': 'not kept as a layer',
};

/** What was done with the layer behind a step. */
export const LayerMarks = ({ marks }: { readonly marks: readonly LayerMark[] }) =>
  marks.map(({ kind, about }, at) => (
    <span key={at} class={`layer layer-${kind.replace(' ', '-')}`}>
      {words[kind]}
      {about === '' ? '' : `: ${about}`}
    </span>
  ));

const BuildLink = ({ id }: { readonly id: string }) => (
  <a class="id" href={hrefOf(['builds', id])}>
    {id}
  </a>
);

/** What a build has from another: its artifacts, or what it went on from. */
export const LayerHit = ({ hit, build }: { readonly hit: LayerStory['hit']; readonly build: Build }) => {
  if (hit === undefined) return null;
  const saved = `${durationText(hit.savedSeconds * 1000)} saved.`;
  return (
    <p class="layer-hit">
      {build.from_cache === undefined ? (
        <>
          It went on from what build <BuildLink id={hit.build} /> had made up to <code>{hit.step}</code>: {saved}
        </>
      ) : (
        <>
          Its artifacts are those of build <BuildLink id={build.from_cache} />, which had the same input: {saved}
        </>
      )}
    </p>
  );
};
