import { useState } from 'preact/hooks';
import type { Session } from '../api/types.ts';
import { usePlace } from './router.ts';
import { chooseTheme, themeNow, themes } from './theme.ts';
import { views } from './views.ts';

const ThemeChoice = () => {
  const [theme, setTheme] = useState(themeNow());
  return (
    <select
      aria-label="Colours"
      value={theme}
      onChange={({ currentTarget }) => {
        const chosen = themes.find((one) => one === currentTarget.value) ?? 'system';
        chooseTheme(chosen);
        setTheme(chosen);
      }}
    >
      {themes.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
};

export const Header = ({ session, logOut }: { readonly session: Session; readonly logOut: () => void }) => {
  const { path } = usePlace();
  const here = path[0] ?? views[0].name;
  return (
    <header class="top">
      <strong class="name">imaged</strong>
      <nav aria-label="Views">
        {views.map(({ name, title }) => (
          <a key={name} href={`#/${name}`} aria-current={name === here ? 'page' : undefined}>
            {title}
          </a>
        ))}
        <a href="docs">API</a>
      </nav>
      <span class="who" title={session.scopes.join(', ')}>
        {session.name}
      </span>
      <ThemeChoice />
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </header>
  );
};
