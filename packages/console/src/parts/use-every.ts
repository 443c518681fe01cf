import { useEffect, useRef } from 'react';

/** Does it again and again while the page is looked at. */
export function useEvery(ms: number, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    // oxlint-disable-next-line hufu/time-and-chance -- how often a page looks, and nothing that is decided
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}
