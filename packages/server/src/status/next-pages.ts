import type { GrantId } from '@hufu/protocol/ids';
import type { LineMember, ParentPage } from '@hufu/store/port';

/** Of the parents of these children those whose page was full, and where it goes on. */
export function nextPages(children: readonly LineMember[], limit: number): readonly ParentPage[] {
  const pages = new Map<GrantId, { count: number; afterId: number }>();
  for (const { id, parentId } of children) {
    if (parentId === undefined) continue;
    const { count, afterId } = pages.get(parentId) ?? { count: 0, afterId: 0 };
    pages.set(parentId, { count: count + 1, afterId: Math.max(afterId, id) });
  }
  return [...pages].flatMap(([id, { count, afterId }]) => (count < limit ? [] : [{ id, afterId }]));
}
