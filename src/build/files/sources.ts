import { access } from 'node:fs/promises';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import type { ContextSources } from '../../context/sources.ts';
import type { Store } from '../../queue/store.ts';
import type { Folders } from '../folders/folders.ts';

/** Where `build:latest:TEMPLATE` leads, by how the template names it: filled as it is looked up, and kept with the build. */
export type RecordedSources = Map<string, string>;

type SourceParts = Pick<ContextSources, 'uploaded' | 'ofDigest' | 'refuseUrl'> & {
  readonly store: Pick<Store, 'find' | 'artifacts' | 'list'>;
  readonly folders: Pick<Folders, 'artifact'>;
};

/** The newest build of a template that went well. */
const newestOf = async (store: Pick<Store, 'list'>, template: string): Promise<string> => {
  const { items } = await store.list({ statuses: ['succeeded'], template }, { limit: 1 });
  const [newest] = items;
  if (newest !== undefined) return newest.id;
  throw new ParseError(
    `no build of the template ${quoted(template)} has succeeded: build it first, or name a build by its id`,
  );
};

/** The file of an artifact, proven to be there. */
const artifactOf = async ({ store, folders }: SourceParts, id: string, name: string): Promise<string> => {
  const build = await store.find(id);
  if (build === undefined) throw new ParseError(`there is no build ${id}`);
  const names = (await store.artifacts(id)).map((artifact) => artifact.name);
  if (!names.includes(name))
    throw new ParseError(
      `the build ${id} (${build.status}) has no artifact ${quoted(name)}: ${didYouMean(name, names)}`,
    );
  const path = folders.artifact(id, name);
  await access(path).catch(() => {
    throw new ParseError(`the file of the artifact ${quoted(name)} of the build ${id} is gone from this host`);
  });
  return path;
};

/** What the machine of one build may begin with. `recorded`: what its `latest` was when it was accepted. */
export const sourcesOf = (parts: SourceParts, recorded: RecordedSources): ContextSources => {
  const { uploaded, ofDigest, refuseUrl, store } = parts;
  return {
    ...{ uploaded, ofDigest, refuseUrl },
    artifact: async (of, name) => {
      const asked = 'build' in of ? of.build : `latest:${of.template}`;
      const id = recorded.get(asked) ?? ('build' in of ? of.build : await newestOf(store, of.template));
      const path = await artifactOf(parts, id, name);
      recorded.set(asked, id);
      return path;
    },
  };
};

/** The same for a template that is stored: what its builds will begin with is looked for when there is one. */
export const sourcesForLater = ({ uploaded, ofDigest, refuseUrl }: SourceParts): ContextSources => ({
  ...{ uploaded, ofDigest, refuseUrl },
  artifact: async () => undefined,
});
