import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from './fields.ts';
import { digitsOf } from '../../base/openbsd/release-name.ts';
import { releaseOfPath } from '../../openbsd/releases.ts';
import { digitsOfSite, siteFile } from '../../openbsd/set-names.ts';
import { quoted } from '../../base/text/nearest.ts';
import type { Template } from '../document/template.ts';
import type { HttpEntry, SiteSet } from '../spec.ts';

type Asked = NonNullable<Exclude<Template['http'][string], string>['site']>;

/** The installer looks for a site set by the number of its own release (install.sub, `ALLSETS`). */
const judgeName = (path: string, pointer: string, wrong: FieldErrors) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const digits = digitsOfSite(name);
  if (digits === undefined) {
    wrong.add(pointer, `${quoted(name)} is no name of a site set: write "site79.tgz", or "site79-HOST.tgz"`);
    return;
  }
  const release = releaseOfPath(path.slice(0, -name.length));
  const wanted = release === undefined ? undefined : digitsOf(release);
  if (wanted !== undefined && wanted !== digits)
    wrong.add(
      pointer,
      `${quoted(name)} is for another release than ${quoted(path.slice(0, -name.length))}: the installer of ${release} looks for ${quoted(siteFile(wanted))}`,
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
