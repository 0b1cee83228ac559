import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from './fields.ts';
import { releaseOfPath } from '../../openbsd/releases.ts';
import { quoted } from '../../base/nearest.ts';
import type { Template } from '../document/template.ts';
import type { HttpEntry, SiteSet } from '../spec.ts';

type Asked = NonNullable<Exclude<Template['http'][string], string>['site']>;

/** The installer looks for a site set by the number of its own release (install.sub, `ALLSETS`). */
const judgeName = (path: string, pointer: string, wrong: FieldErrors) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const [, number] = /^site(\d{2,3})(?:-[A-Za-z0-9-]+)?\.tgz$/.exec(name) ?? [];
  if (number === undefined) {
    wrong.add(pointer, `${quoted(name)} is no name of a site set: write "site79.tgz", or "site79-HOST.tgz"`);
    return;
  }
  const release = releaseOfPath(path.slice(0, -name.length));
  if (release !== undefined && release !== 'current' && release.replace('.', '') !== number)
    wrong.add(
      pointer,
      `${quoted(name)} is for another release than ${quoted(path.slice(0, -name.length))}: the installer of ${release} looks for "site${release.replace('.', '')}.tgz"`,
    );
};

/** A site set, with every file it is made of proven to be there. */
export const resolveSite = async (
  path: string,
  site: Asked,
  scriptName: SiteSet['scriptName'],
  pointer: string,
  { fields, wrong }: { readonly fields: Fields; readonly wrong: FieldErrors },
): Promise<HttpEntry> => {
  judgeName(path, pointer, wrong);
  const { folder, install_site: script, rc_firsttime: firstTime } = site;
  return {
    path,
    kind: 'site',
    site: {
      scriptName,
      ...(folder === undefined ? {} : { folder: await fields.file(`${pointer}/site/folder`, folder, 'folder') }),
      ...(script === undefined ? {} : { script: await fields.file(`${pointer}/site/install_site`, script) }),
      ...(firstTime === undefined ? {} : { firstTime: await fields.file(`${pointer}/site/rc_firsttime`, firstTime) }),
    },
  };
};
