import { fail, ok } from '../answers.ts';
import type { HostCheck } from '../types.ts';

const oldest = [22, 15] as const; // package.json, engines

const isOldEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
};

/** Whether this Node is new enough, and the modules that were compiled load into it. */
export const modules: HostCheck = {
  name: 'modules',
  ask: async ({ node, modules }) => {
    if (!isOldEnough(node.version))
      return fail(`this is Node ${node.version}, and imaged needs ${oldest.join('.')} or later`, 'pkg_add -u node');
    const names = Object.keys(modules);
    for (const [name, load] of Object.entries(modules)) {
      try {
        await load();
      } catch (error) {
        const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
        return fail(
          `${name} does not load into Node ${node.version}: ${why}`,
          `npm rebuild ${name}, where imaged lies`,
        );
      }
    }
    return ok(`${names.join(' and ')} load into Node ${node.version}`);
  },
};
