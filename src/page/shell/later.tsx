import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Trouble } from '../parts/trouble.tsx';
import { useWork } from '../parts/use.ts';
import type { ViewProps } from './views.ts';

/** A view whose program is loaded when it is first looked at. */
export const later = (load: () => Promise<ComponentType<ViewProps>>): ComponentType<ViewProps> => {
  let loaded: ComponentType<ViewProps> | undefined;
  return (props) => {
    const [View, setView] = useState(() => loaded);
    const error = useWork(async () => {
      loaded ??= await load();
      setView(() => loaded);
    }, []);
    return View === undefined ? <Trouble error={error} /> : <View {...props} />;
  };
};
