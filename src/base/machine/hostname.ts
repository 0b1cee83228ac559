/** A host name of a template's name, as hostname(7) has its first part; `other` where nothing of it is left. */
export const hostnameOf = (templateName: string, other: string): string =>
  (templateName.split('.')[0] ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '') || other;
