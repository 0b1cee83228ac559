import type { ArtifactDraft, Tools } from '../kind.ts';

/** What a bill and a statement name of the artifacts: their SHA-256; the drafts know it from then on. */
export const digestsIn = async (taken: readonly ArtifactDraft[], { digestsOf }: Pick<Tools, 'digestsOf'>) => {
  const drafts: ArtifactDraft[] = [];
  const files: { readonly name: string; readonly sha256: string }[] = [];
  for (const draft of taken) {
    const { size, digests } = await digestsOf(draft, ['sha256']);
    const sha256 = digests.get('sha256') ?? '';
    drafts.push({ ...draft, known: { size, sha256 } });
    files.push({ name: draft.name, sha256 });
  }
  return { drafts, files };
};
