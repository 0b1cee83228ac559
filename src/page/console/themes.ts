import type { ITheme } from '@xterm/xterm';

/** The sixteen colours of a console, each legible on its ground. */
export const darkTheme: ITheme = {
  ...{ background: '#14171a', foreground: '#d6dade', cursor: '#d6dade', selectionBackground: '#3b5b7c' },
  ...{ black: '#5c6670', red: '#f28b82', green: '#81c995', yellow: '#fdd663', blue: '#8ab4f8', magenta: '#d7aefb' },
  ...{ cyan: '#78d9ec', white: '#d6dade', brightBlack: '#8a949e', brightRed: '#ffb3ad', brightGreen: '#a8e6b8' },
  ...{ brightYellow: '#ffe699', brightBlue: '#b0ccff', brightMagenta: '#e8cfff', brightCyan: '#a5ecfa' },
  ...{ brightWhite: '#ffffff', overviewRulerBorder: '#333a41' },
};

export const lightTheme: ITheme = {
  ...{ background: '#ffffff', foreground: '#1f2328', cursor: '#1f2328', selectionBackground: '#b6d4f5' },
  ...{ black: '#1f2328', red: '#b3261e', green: '#1a7037', yellow: '#7a5b00', blue: '#0b57d0', magenta: '#8430ce' },
  ...{ cyan: '#00687a', white: '#5c6670', brightBlack: '#5c6670', brightRed: '#c5221f', brightGreen: '#137333' },
  ...{ brightYellow: '#866300', brightBlue: '#1a63d8', brightMagenta: '#9334e6', brightCyan: '#00728a' },
  ...{ brightWhite: '#3c4043', overviewRulerBorder: '#d5d9de' },
};
