import { useState } from 'preact/hooks';
import { call } from '../../api/call.ts';
import { useWork } from '../../parts/use.ts';
import type { ShownHost } from '../../host/facts.ts';
import type { PageLimits } from '../context/files.ts';

/** What the host takes as a context; undefined until it has said so. */
export const useLimits = () => {
  const [limits, setLimits] = useState<PageLimits>();
  const error = useWork(async (signal) => {
    const { limits: most } = await call<ShownHost>('host', { signal });
    if (most !== undefined) setLimits({ files: most.context_files, bytes: most.context_mb * 2 ** 20 });
  }, []);
  return { limits, error };
};
