import ignore from 'ignore';

/** The file at the top of a folder that says what of it is not sent, in the form of gitignore(5). */
export const ignoreFile = '.imagedignore';

/** Says of a path, relative and with a slash at the end where it is a folder's, whether it is not sent. */
export type Ignored = (path: string) => boolean;

/** What those rules leave out. Git's own folder is left out unless they say otherwise, and they are left out themselves. */
export const ignoredBy = (rules: string): Ignored => {
  // Git tells capital letters from small ones wherever the file system does.
  const matcher = ignore({ ignorecase: false }).add('.git/').add(rules).add(`/${ignoreFile}`);
  return (one) => matcher.ignores(one);
};
