import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Trouble } from '../parts/trouble.tsx';
import { useWork } from '../parts/use.ts';
import type { ViewProps } from './views.ts';

/** A view whose program is loaded when somebody looks at it. */
export const lazily = (load: () => Promise<ComponentType<ViewProps>>): ComponentType<ViewProps> =>
  function Lazily(props: ViewProps) {
    const [View, setView] = useState<ComponentType<ViewProps>>();
    const error = useWork(async () => {
      const loaded = await load();
      setView(() => loaded);
    }, []);
    return View === undefined ? <Trouble error={error} /> : <View {...props} />;
  };
