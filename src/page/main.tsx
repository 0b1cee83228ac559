import { render } from 'preact';
import { App } from './shell/app.tsx';
import { applyTheme } from './shell/theme.ts';
import { showTextAsItIs } from './shell/visible-text.ts';

applyTheme();
showTextAsItIs();
const page = document.getElementById('page');
if (page !== null) render(<App />, page);
