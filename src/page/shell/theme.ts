export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'imaged-theme';
const listeners = new Set<() => void>();

export const themeNow = (): Theme => themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system';

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

export const isDark = (): boolean => (themeNow() === 'system' ? systemIsDark.matches : themeNow() === 'dark');

/** Shows the page in the colours that were chosen. */
export const applyTheme = (): void => {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
  listeners.forEach((listener) => listener());
};

systemIsDark.addEventListener('change', applyTheme);

export const chooseTheme = (theme: Theme): void => {
  localStorage.setItem(key, theme);
  applyTheme();
};

/** Calls back when the colours have changed, until what it gives is called. */
export const onTheme = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
