import { ParseError } from '../base/text/parse-error.ts';

// What every file system takes: NAME_MAX, and room below PATH_MAX for the folder in front.
const longestSegment = 255;
const longestPath = 1024;

/**
 * The path of an archive's entry below the folder it is unpacked into: relative, without `.` and empty segments; the
 * empty string is the folder itself. Throws a ParseError for what could leave it or cannot be made.
 */
export const entryPath = (name: string, mostDeep: number): string => {
  if (/[\x00-\x1f\x7f\ufffd]/.test(name))
    throw new ParseError('has a name with a control character, or one that is not UTF-8');
  if (name.startsWith('/')) throw new ParseError('has an absolute name: pack with names relative to one folder');
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw new ParseError('has ".." in its name: pack with names below one folder');
  if (segments.length > mostDeep) throw new ParseError(`lies more than ${mostDeep} folders deep`);
  const path = segments.join('/');
  const isLong = segments.some((segment) => Buffer.byteLength(segment) > longestSegment);
  if (isLong || Buffer.byteLength(path) > longestPath)
    throw new ParseError(`has a name of more than ${longestSegment} bytes between slashes, or ${longestPath} in all`);
  return path;
};

/** The folders above a path, outermost first. */
export const foldersAbove = (path: string): readonly string[] => {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
};
