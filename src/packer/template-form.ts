const isObject = (document: unknown): document is object =>
  typeof document === 'object' && document !== null && !Array.isArray(document);

/** Whether a document is a template of Packer in its JSON form. */
export const isPackerJson = (document: unknown): boolean =>
  isObject(document) && Object.hasOwn(document, 'builders') && !('machine' in document);

/** What stands for the HCL2 files of a context, which are worked out with the values that were sent. */
export const hclTemplate = { 'pkr.hcl': 'the files of the context' } as const;

/** Whether a document stands for the HCL2 files of a context. */
export const isHclTemplate = (document: unknown): boolean => isObject(document) && Object.hasOwn(document, 'pkr.hcl');

// Keys that only a template of Packer has: its JSON form (builders), and the JSON of HCL2 (the others).
const telling = ['builders', 'source', 'build', 'packer', 'pkr.hcl'];

/**
 * Says of a template of Packer that it is one, and what to do; undefined for any other document. HCL2 is known in its JSON form
 * alone.
 */
export const whyPackerTemplate = (document: unknown): string | undefined => {
  if (!isObject(document)) return undefined;
  const key = telling.find((name) => Object.hasOwn(document, name));
  if (key === undefined || 'machine' in document) return undefined;
  const what = `is a template of Packer, for it has the key "${key}"`;
  if (isPackerJson(document))
    return `${what}: POST /builds builds it, POST /runs does where it has several builders, and POST /templates/import translates it into templates of imaged, which can be stored`; // prettier-ignore
  return `${what} in HCL2's JSON syntax: call its file template.pkr.json, and send its folder as an archive`;
};
