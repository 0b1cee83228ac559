/**
 * For a step that waits, that may be done twice, or that holds a conversation, whose console knows how far that had come: where
 * it was cut short, it is run again.
 */
export const goesOnByRunning = <Run>(run: Run): { readonly run: Run; readonly takeUp: { readonly cutShort: Run } } => ({
  run,
  takeUp: { cutShort: run },
});
