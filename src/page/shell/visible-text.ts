import { options, type ComponentChildren } from 'preact';
import { visibleOnPage } from '../../base/text/visible.ts';

const shown = (children: ComponentChildren): ComponentChildren => {
  if (typeof children === 'string') return visibleOnPage(children);
  return Array.isArray(children) ? children.map(shown) : children;
};

/**
 * Has all text of the page, whoever wrote it, name the characters that make it read other than it is: `<U+202E>`. What is in
 * fields stays as it is, and so does what a terminal shows.
 */
export const showTextAsItIs = (): void => {
  // Those of Preact's own parts: its hooks.
  const before = options.vnode?.bind(options);
  options.vnode = (vnode) => {
    const { children } = vnode.props;
    if (children !== undefined) vnode.props.children = shown(children);
    before?.(vnode);
  };
};
