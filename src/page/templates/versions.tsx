import type { TemplateInfo } from '../api/types.ts';
import { momentText } from '../parts/format.ts';
import { More } from '../parts/more.tsx';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';

const version = (number: number) => String(number);

const Links = ({ info, before }: { readonly info: TemplateInfo; readonly before: TemplateInfo | undefined }) => {
  const mayWrite = useMayWrite();
  const { name, version: own } = info;
  return (
    <span class="links">
      <a href={hrefOf(['templates', name, 'text'], { version: version(own) })} aria-label={`Text of version ${own}`}>
        Text
      </a>
      {before === undefined ? null : (
        <a
          href={hrefOf(['templates', name, 'diff'], { from: version(before.version), to: version(own) })}
          aria-label={`Changes of version ${own}`}
        >
          Changes
        </a>
      )}
      {mayWrite ? (
        <a href={hrefOf(['new', name], { version: version(own) })} aria-label={`New build from version ${own}`}>
          New build
        </a>
      ) : null}
    </span>
  );
};

type Props = { readonly versions: readonly TemplateInfo[]; readonly more: (() => void) | undefined };

/** The versions that are kept, the newest first. */
export const Versions = ({ versions, more }: Props) => (
  <>
    <div class="scroll" tabIndex={0} role="region" aria-label="Versions">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">
              Version
            </th>
            <th scope="col">Stored</th>
            <th scope="col">Files</th>
            <th scope="col">Digest</th>
            <th scope="col">Do</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((info, at) => (
            <tr key={info.version}>
              <td class="number">{info.version}</td>
              <td class="moment">{momentText(info.created_at)}</td>
              <td>{info.has_files ? 'with files' : ''}</td>
              <td>
                <code class="digest">{info.digest}</code>
              </td>
              <td>
                <Links info={info} before={versions[at + 1]} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    <More more={more} />
  </>
);
