/** How the names of files in a workspace begin that post-processors make. */
export const draftPrefix = 'draft';
