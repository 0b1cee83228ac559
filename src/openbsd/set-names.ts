/** The kinds of sets of a release, in the installer's order. */
export const setKinds = ['base', 'comp', 'man', 'game', 'xbase', 'xshare', 'xfont', 'xserv'] as const;

/** A set of a release by its digits: `base79.tgz`. */
export const setFile = (kind: (typeof setKinds)[number], digits: string): string => `${kind}${digits}.tgz`;

/** The sets of a release by its digits, in the installer's order (install.sub, `DEFAULTSETS`). */
export const setFiles = (digits: string): readonly string[] => setKinds.map((kind) => setFile(kind, digits));

/** The name of a site set (install.site(5)): for every machine, or for the one of that host name. */
export const siteFile = (digits: string, hostname?: string): string =>
  `site${digits}${hostname === undefined ? '' : `-${hostname}`}.tgz`;

/** The digits in the name of a site set, `79` of `site79.tgz` and `site79-web.tgz`; undefined where it is none. */
export const digitsOfSite = (name: string): string | undefined => {
  const [, digits] = /^site(\d{2,3})(?:-[A-Za-z0-9-]+)?\.tgz$/.exec(name) ?? [];
  return digits;
};

/** The digits in the names of these sets, by that of the base set: `NN` where they are not known. */
export const digitsOfSets = (names: readonly string[]): string | undefined =>
  names.flatMap((name) => /^base(\d{2,3}|NN)\.tgz$/.exec(name)?.[1] ?? [])[0];
