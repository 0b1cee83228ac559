import { isEnded, type Artifact, type Build } from '../api/types.ts';
import { sizeText } from '../parts/format.ts';

const hrefOfArtifact = (build: Build, name: string) => `builds/${build.id}/artifacts/${encodeURIComponent(name)}`;

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
    <div class="scroll" tabIndex={0} role="region" aria-label="Artifacts">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {artifacts.map(({ name, media_type, format, size, sha256 }) => (
            <tr key={name}>
              <td>
                <a href={hrefOfArtifact(build, name)} download={name}>
                  {name}
                </a>
              </td>
              <td>{format ?? media_type}</td>
              <td class="number" title={`${size} bytes`}>
                {sizeText(size)}
              </td>
              <td>
                <code class="digest">{sha256}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <a href={hrefOfArtifact(build, 'SHA256')} download="SHA256">
          SHA256
        </a>
        : the digests of all of them, for <code>sha256 -C</code> and <code>shasum -c</code>
      </p>
    </div>
  );
};
