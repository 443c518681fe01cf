import { claimsShape } from '../config/claims-shape.ts';
import { fromJson, type Json } from '../config/node.ts';
import { pieceAt } from '../config/read-piece.ts';
import { FAILED } from '../config/shape.ts';
import { invalid } from './refusal.ts';

const MAX_TOLD = 20;

/** Claims of a user as hufu.yaml has them; `sub` is nobody's to choose (attacks ADM-04). Throws what is wrong, with pointers. */
export function readClaims(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (Object.hasOwn(input, 'sub')) throw invalid([{ pointer: '/claims/sub', detail: 'is not yours to choose' }]);
  const { spot, problems } = pieceAt([]);
  // What came as JSON is JSON.
  const read = claimsShape.read(fromJson(input as Json, { file: '', line: 0, column: 0 }), spot);
  if (read !== FAILED && problems.count === 0) return read;
  const told = problems.sorted().slice(0, MAX_TOLD);
  throw invalid(told.map(({ path, message }) => ({ pointer: `/claims/${path.replaceAll('.', '/')}`, detail: message })));
}
