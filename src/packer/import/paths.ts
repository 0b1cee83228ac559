import { posix } from 'node:path';
import { hasPlaceholders } from '../../template/language/expression.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { quoted } from '../../base/text/nearest.ts';

const folderNames = /\{\{\s*(?:template_dir|pwd)\s*\}\}\/?/g;

/** A text without the folder of the template in front of its paths: the context is that folder, and paths begin there. */
export const withoutFolders = (text: string): string => {
  if (!text.includes('{{')) return text;
  const short = text.replace(folderNames, '');
  return short === '' && text !== '' ? '.' : short;
};

/** Whether it is a file of the host that is listed as a medium. */
export const isMedium = (path: string): boolean => path.startsWith('media:');

/**
 * A path of Packer's as a path of the context: `./http` is `http`. What holds placeholders stays as it is. Throws a
 * ParseError for a path that is none of the context.
 */
export const contextPath = (written: string): string => {
  const path = written.replace(/^file:(?:\/\/)?/i, '');
  if (isMedium(path)) return path;
  if (/^[/~]|^[A-Za-z]:[\\/]/.test(path))
    throw new ParseError(
      `${quoted(written)} is a path of the machine that Packer ran on: put the file into the context and name it from there, or ask for it to be listed as a medium, "media:..."`,
    );
  if (hasPlaceholders(path)) return path.replace(/^(?:\.\/)+/, '');
  const clean = posix.normalize(path);
  if (clean === '..' || clean.startsWith('../'))
    throw new ParseError(
      `${quoted(written)} lies outside of the context: send the folder that holds it too, and name it from there`,
    );
  return clean;
};
