import { isEnded, type Artifact, type Build } from '../api/types.ts';
import { Copy } from '../parts/copy.tsx';
import { sizeText } from '../parts/format.ts';
import { Table, type Column } from '../parts/table.tsx';

const hrefOfArtifact = (build: Build, name: string) => `builds/${build.id}/artifacts/${encodeURIComponent(name)}`;

const columns = (build: Build): readonly Column<Artifact>[] => [
  {
    title: 'Name',
    of: ({ name }) => (
      <a href={hrefOfArtifact(build, name)} download={name}>
        {name}
      </a>
    ),
  },
  { title: 'Type', of: ({ media_type, format }) => format ?? media_type },
  { title: 'Size', kind: 'number', of: ({ size }) => <span title={`${size} bytes`}>{sizeText(size)}</span> },
  {
    title: 'SHA-256',
    of: ({ name, sha256 }) => (
      <>
        <code class="digest">{sha256}</code> <Copy text={sha256} what={`the digest of ${name}`} />
      </>
    ),
  },
];

type Props = { readonly build: Build; readonly artifacts: readonly Artifact[] };

/** What the build has published. */
export const Artifacts = ({ build, artifacts }: Props) => {
  if (artifacts.length === 0)
    return (
      <p class="quiet">
        {isEnded(build.status) ? 'It has published nothing.' : 'They come when the build has succeeded.'}
      </p>
    );
  return (
    <Table label="Artifacts" columns={columns(build)} rows={artifacts} keyOf={({ name }) => name}>
      <p>
        <a href={hrefOfArtifact(build, 'SHA256')} download="SHA256">
          SHA256
        </a>
        : the digests of all of them, for <code>sha256 -c</code> and <code>sha256sum -c</code>
      </p>
    </Table>
  );
};
