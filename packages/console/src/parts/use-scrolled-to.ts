import { type RefObject, useEffect, useRef } from 'react';

/** A drawing that is wider than its place begins where what it is about can be seen. `selector` of that, `by` what it changes with. */
export function useScrolledTo<E extends HTMLElement>(selector: string, by: string): RefObject<E | null> {
  const wrap = useRef<E>(null);
  useEffect(() => {
    const place = wrap.current;
    const target = place?.querySelector(selector);
    if (place === null || target === null || target === undefined || by === '') return;
    const [outer, inner] = [place.getBoundingClientRect(), target.getBoundingClientRect()];
    place.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }, [selector, by]);
  return wrap;
}
