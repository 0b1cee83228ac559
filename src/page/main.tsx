import { render } from 'preact';
import { App } from './shell/app.tsx';
import { applyTheme } from './shell/theme.ts';

applyTheme();
const page = document.getElementById('page');
if (page !== null) render(<App />, page);
