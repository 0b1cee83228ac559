import { ParseError } from '../../base/text/parse-error.ts';
import { usernameShape } from '../../send/sftp/login.ts';
import { remotePathShape } from '../../send/sftp/put-by-sftp.ts';
import { bucketShape, keyShape } from '../../send/s3/place.ts';

/** Where artifacts go, as the URL of a folder says it. */
export type UploadTarget =
  | { readonly by: 'put'; readonly url: string }
  | { readonly by: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly by: 'sftp'; readonly url: string; readonly username: string; readonly folder: string };

const forms = 'write "https://HOST/FOLDER/", "s3://BUCKET/PREFIX/" or "sftp://USER@HOST/FOLDER/"';

const folderOf = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

const fit = (text: string, shape: RegExp, why: string): string => {
  if (!shape.test(text)) throw new ParseError(why);
  return text;
};

/** A URL with no more than a host and a path: what else is in it may be secret, and URLs are shown. Throws a ParseError. */
export const bareUrl = (text: string): string => {
  const { username, password } = new URL(text);
  if (username !== '' || password !== '') throw new ParseError('has a user or a password in it: leave them out');
  if (/[?#]/.test(text)) throw new ParseError('has a query or a fragment in it: leave it out');
  return text;
};

/** Reads `to` of a template. Throws a ParseError. */
export const targetOf = (text: string): UploadTarget => {
  if (!URL.canParse(text)) throw new ParseError(`is no URL: ${forms}`);
  const url = new URL(text);
  if (url.search !== '' || url.hash !== '')
    throw new ParseError('has a query or a fragment, and names of files are put behind it: leave it out');
  if (url.password !== '') throw new ParseError('has a password in it: "password" is for that');
  const folder = folderOf(url.pathname);
  if (url.protocol === 's3:') {
    if (url.port !== '' || url.username !== '')
      throw new ParseError(`has more than a bucket before its prefix: ${forms}`);
    const bucket = fit(url.hostname, bucketShape, `has no name of a bucket in it: 3 to 63 of a-z 0-9 . -`);
    const prefix = fit(
      folder.slice(1),
      keyShape,
      'has a prefix with other characters than A-Z a-z 0-9 . _ - + = @ / in it',
    );
    return { by: 's3', bucket, prefix };
  }
  if (url.protocol === 'sftp:') {
    const username = fit(url.username, usernameShape, 'names no user to log in as: write "sftp://USER@HOST/FOLDER/"');
    fit(folder, remotePathShape, 'has a path with other characters than A-Z a-z 0-9 . _ / + @ = ~ - in it');
    return { by: 'sftp', url: `sftp://${url.host}/`, username, folder };
  }
  if (!/^https?:$/.test(url.protocol))
    throw new ParseError(`is for ${url.protocol}//, which is not known here: ${forms}`);
  if (url.username !== '') throw new ParseError('has a user in it: "username" is for that');
  return { by: 'put', url: `${url.origin}${folder}` };
};
