import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

// Only at the top of a package: further down, a name such as "doc" may be code.
const notRun = /^(\.|eslint\.config\.|(__)?tests?(__)?\/|docs?\/|examples?\/|bench(mark)?s?\/|typings\/)/;
const notRunAnywhere = /\.(map|md|markdown|[cm]?ts)$/i;
const licence = /^(licen[cs]e|copying|notice)/i;

// What a compilation leaves, what others have compiled, and what only Windows needs.
const notCompiled = /^(build|prebuilds|third_party|deps\/winpty)\/|^src\/win\//;

/** The files of a package that are needed to compile and to run it, as paths in it. Packages inside it are not its own. */
export const vendoredFiles = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !path.split('/').includes('node_modules'));
  const isNative = files.includes('binding.gyp');
  return files
    .filter((path) => licence.test(path) || !(notRun.test(path) || notRunAnywhere.test(path)))
    .filter((path) => !isNative || !notCompiled.test(path))
    .toSorted();
};
