/** The button that loads the next page of a list. */
export const More = ({ more }: { readonly more: (() => void) | undefined }) =>
  more === undefined ? null : (
    <p>
      <button type="button" onClick={more}>
        More
      </button>
    </p>
  );
