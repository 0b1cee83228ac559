import { z } from 'zod';
import { sumsName, whyNoArtifactName } from '../../base/artifact-name.ts';
import { Fault } from '../../base/fault.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { jsonIn } from '../api/body.ts';
import { askApi } from './ask.ts';
import type { DownloadApi } from './types.ts';

const Artifact = z.object({
  name: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const Artifacts = z.object({ items: z.array(Artifact) });

/** What a build says of one of its files. */
export type ArtifactAbout = z.output<typeof Artifact>;

const pathOf = (build: string) => `/builds/${encodeURIComponent(build)}/artifacts`;

/** The path of an artifact in the API. */
export const artifactPath = (build: string, name: string): string => `${pathOf(build)}/${encodeURIComponent(name)}`;

/** What there is of a build, whose names can all be those of files in one folder. Throws the API's fault. */
export const listArtifacts = async (
  api: DownloadApi,
  build: string,
  signal: AbortSignal,
): Promise<readonly ArtifactAbout[]> => {
  const reply = await askApi(api, pathOf(build), { statuses: [200] }, signal);
  const { items } = Artifacts.parse(await jsonIn(reply));
  for (const { name } of items) {
    // The name of a file here is not for another host to choose.
    const why = whyNoArtifactName(name);
    if (why !== undefined) throw new Fault('bad_request', `The name of an artifact of build ${build} ${why}.`);
  }
  return items;
};

/** The list of digests is no artifact, so its own headers tell of it. */
const aboutSums = async (api: DownloadApi, build: string, signal: AbortSignal): Promise<ArtifactAbout> => {
  const { headers } = await askApi(api, artifactPath(build, sumsName), { statuses: [200], method: 'HEAD' }, signal);
  const [, sha256] = /^"sha256:([0-9a-f]{64})"$/.exec(headers.get('etag') ?? '') ?? [];
  const size = Number(headers.get('content-length') ?? NaN);
  return Artifact.parse({ name: sumsName, size, sha256 });
};

/** Looks an artifact up. Throws `not_found` with the names there are. */
export const findArtifact = async (
  api: DownloadApi,
  build: string,
  name: string,
  signal: AbortSignal,
): Promise<ArtifactAbout> => {
  if (name === sumsName) return aboutSums(api, build, signal);
  const items = await listArtifacts(api, build, signal);
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  throw new Fault(
    'not_found',
    items.length === 0
      ? `Build ${build} has no artifacts: they are there when it has succeeded.`
      : `Build ${build} has no artifact ${quoted(name)}: ${didYouMean(
          name,
          items.map((item) => item.name),
        )}`,
  );
};
