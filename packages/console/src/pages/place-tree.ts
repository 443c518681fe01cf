import type { GrantSummary, Lineage } from '@hufu/protocol/admin/grants';

/** A grant and its place in the drawing. */
export interface Placed {
  readonly grant: GrantSummary;
  readonly column: number;
  readonly row: number;
  readonly parent: Placed | undefined;
}

/** Ancestors in a line, then what came of the grant: a row for each leaf, a parent beside its first child. */
export function placeTree({ grant, ancestors, descendants }: Lineage): {
  readonly nodes: readonly Placed[];
  readonly columns: number;
  readonly rows: number;
} {
  const nodes: Placed[] = [];
  let parent: Placed | undefined;
  for (const one of ancestors.toReversed()) {
    parent = { grant: one, column: nodes.length, row: 0, parent };
    nodes.push(parent);
  }
  const children = Map.groupBy(descendants, ({ parent: from }) => from ?? grant.id);
  const seen = new Set<string>();
  let rows = 0;
  const place = (one: GrantSummary, column: number, from: Placed | undefined): void => {
    // The API answers a tree; whatever it answers, this ends.
    if (seen.has(one.id)) return;
    seen.add(one.id);
    const node: Placed = { grant: one, column, row: rows, parent: from };
    nodes.push(node);
    const below = children.get(one.id) ?? [];
    if (below.length === 0) rows++;
    for (const child of below) place(child, column + 1, node);
  };
  place(grant, nodes.length, parent);
  return { nodes, columns: Math.max(...nodes.map(({ column }) => column)) + 1, rows: Math.max(rows, 1) };
}
