import { Terminal, type IMarker } from '@xterm/xterm';
import { isDark, onTheme } from '../shell/theme.ts';
import { defineSheetElement } from './sheet-element.ts';
import { darkTheme, lightTheme } from './themes.ts';
import type { ShownTurn } from './turns.ts';

/** A terminal in the page. What it is given is shown in its order. */
export type PageTerminal = {
  /** Resolves once it is shown. */
  readonly write: (text: string) => Promise<void>;
  /** Marks the line that the cursor is in; gives what scrolls back to it. */
  readonly mark: (kind: ShownTurn['kind']) => () => void;
  readonly clear: () => void;
  /** Whether keys are typed. */
  readonly takeKeys: (are: boolean) => void;
  readonly close: () => void;
};

const fontSize = 13;
const scrollback = 50_000;
// A serial console wraps at 80; a narrow screen wraps earlier.
const columns = { least: 40, most: 132 } as const;
const rows = 30;

const markColours: Readonly<Record<ShownTurn['kind'], string>> = {
  ...{ heard: '#2e8555', said: '#3b78d8' },
  ...{ skipped: '#8a949e', refused: '#d2665f' },
};

/** How many characters fit, measured with the terminal's own font. */
const columnsIn = (element: HTMLElement, fontFamily: string): number => {
  const ruler = document.createElement('span');
  ruler.textContent = 'W'.repeat(50);
  Object.assign(ruler.style, { position: 'absolute', visibility: 'hidden', fontFamily, fontSize: `${fontSize}px` });
  element.append(ruler);
  const width = ruler.getBoundingClientRect().width / 50;
  ruler.remove();
  const scrollbar = 20;
  const fitting = Math.floor((element.clientWidth - scrollbar) / width);
  return Math.max(columns.least, Math.min(columns.most, fitting));
};

/** Opens a terminal in the element; `typed` is given what is typed while it takes keys. */
export const openTerminal = (element: HTMLElement, typed: (text: string) => void): PageTerminal => {
  defineSheetElement();
  const fontFamily = getComputedStyle(element).fontFamily;
  const terminal = new Terminal({
    ...{ fontFamily, fontSize, scrollback, rows, cols: columnsIn(element, fontFamily) },
    ...{ disableStdin: true, screenReaderMode: true, minimumContrastRatio: 4.5, overviewRuler: { width: 10 } },
    // Decorations: what marks the turns.
    allowProposedApi: true,
    theme: isDark() ? darkTheme : lightTheme,
  });
  terminal.open(element);
  terminal.onData(typed);
  // It would keep each Tab, and with it the focus: Tab is typed where keys are, and Shift+Tab always leaves.
  terminal.attachCustomKeyEventHandler(
    ({ key, shiftKey }) => key !== 'Tab' || (!shiftKey && terminal.options.disableStdin === false),
  );
  const offTheme = onTheme(() => {
    terminal.options.theme = isDark() ? darkTheme : lightTheme;
  });
  const resized = new ResizeObserver(() => terminal.resize(columnsIn(element, fontFamily), rows));
  resized.observe(element);

  const scrollTo = (marker: IMarker) => () => {
    terminal.scrollToLine(Math.max(0, marker.line - Math.floor(rows / 2)));
    terminal.select(0, marker.line, terminal.cols);
  };

  return {
    write: (text) => new Promise((resolve) => terminal.write(text, resolve)),
    mark: (kind) => {
      const marker = terminal.registerMarker(0);
      const decoration = terminal.registerDecoration({
        marker,
        width: 1,
        overviewRulerOptions: { color: markColours[kind] },
      });
      decoration?.onRender((mark) => mark.classList.add('turn-mark', `turn-mark-${kind}`));
      return scrollTo(marker);
    },
    clear: () => terminal.reset(),
    takeKeys: (are) => {
      terminal.options.disableStdin = !are;
      // Whoever works elsewhere when the build begins to wait goes on there.
      const { activeElement } = document;
      if (are && (activeElement === document.body || activeElement?.id === 'main')) terminal.focus();
    },
    close: () => {
      resized.disconnect();
      offTheme();
      terminal.dispose();
    },
  };
};
