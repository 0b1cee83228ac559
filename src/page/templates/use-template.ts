import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Template } from '../api/types.ts';
import { useWork } from '../parts/use.ts';

/** One version of a template, the newest where none is named. */
export const useTemplate = (name: string, version: string | undefined) => {
  const [template, setTemplate] = useState<Template>();
  const path = `templates/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`;
  const error = useWork(
    async (signal) => {
      setTemplate(undefined);
      setTemplate(await call<Template>(path, { signal }));
    },
    [path],
  );
  return { template, error };
};

/** Its document as people read it, line by line. */
export const textOf = ({ document }: Template): string => `${JSON.stringify(document, null, 2)}\n`;
