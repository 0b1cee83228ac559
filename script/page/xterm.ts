import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

// xterm sets its styles inline, which the policy of the page refuses. What follows has it set the same in ways that scripts
// may: a style sheet of the document (src/page/console/sheet-element.ts), and properties of `style`.
const changes = [
  { from: '.createElement("style")', to: '.createElement("imaged-sheet")', times: 3 },
  {
    from: 't.setAttribute("style",`${t.getAttribute("style")||""}${e};`)',
    to: 't.style.cssText=`${t.style.cssText}${e};`',
    times: 1,
  },
] as const;

/** Bundles xterm so that it needs no inline style. Fails where another version writes them in other places. */
export const xtermWithoutInlineStyles: Plugin = {
  name: 'xterm-without-inline-styles',
  setup: (bundling) => {
    bundling.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const { from, to, times } of changes) {
        const parts = contents.split(from);
        if (parts.length !== times + 1)
          throw new Error(
            `${path} has ${parts.length - 1} times ${from}, and ${times} were expected: see script/page/xterm.ts`,
          );
        contents = parts.join(to);
      }
      return { contents, loader: 'js' };
    });
  },
};
