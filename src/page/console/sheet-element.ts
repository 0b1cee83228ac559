/**
 * xterm writes its styles into `<style>` elements, which the page's policy refuses as it refuses any other inline style. The
 * bundle has it make this element instead (script/page/xterm.ts), whose text is a style sheet of the document.
 */
class SheetElement extends HTMLElement {
  readonly sheet = new CSSStyleSheet();

  connectedCallback(): void {
    this.hidden = true;
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
  }

  disconnectedCallback(): void {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.sheet);
  }
}

Object.defineProperty(SheetElement.prototype, 'textContent', {
  set(this: SheetElement, text: string) {
    this.sheet.replaceSync(text);
  },
});

/** Makes the element known, once. */
export const defineSheetElement = (): void => {
  if (customElements.get('imaged-sheet') === undefined) customElements.define('imaged-sheet', SheetElement);
};
