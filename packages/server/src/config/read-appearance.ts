import { appearanceShape } from './appearance-shape.ts';
import type { Appearance } from './config.ts';
import { fromJson, type Json } from './node.ts';
import { pieceAt } from './read-piece.ts';
import { FAILED } from './shape.ts';

/** An appearance by itself, as `policies.appearance` would have it. */
export type ReadAppearance =
  | { readonly kind: 'appearance'; readonly appearance: Appearance }
  /** What is wrong with it, by the path of each part: `note.en`. */
  | { readonly kind: 'refused'; readonly faults: readonly { readonly path: string; readonly message: string }[] };

export function readAppearance(value: Json): ReadAppearance {
  const { spot, problems } = pieceAt([]);
  const appearance = appearanceShape.read(fromJson(value, { file: '', line: 0, column: 0 }), spot);
  if (appearance !== FAILED) return { kind: 'appearance', appearance };
  return {
    kind: 'refused',
    faults: problems.sorted().map(({ path, message, allowed }) => ({
      path,
      message: allowed.length === 0 ? message : `${message}; allowed: ${allowed.join(', ')}`,
    })),
  };
}
