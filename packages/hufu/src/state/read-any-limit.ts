import type { Json } from '@hufu/server/config/node';
import { type ReadEdgeLimit, type ReadLimit, readEdgeLimit, readLimit } from '@hufu/server/config/read-limit';
import { edgeNameOf } from '@hufu/server/limits/edge-limits';

/** Reads a limit of the server, or of the edge (`edge:NAME`). */
export function readAnyLimit(name: string, value: unknown): ReadLimit | ReadEdgeLimit {
  const ofEdge = edgeNameOf(name);
  // What came as JSON is JSON.
  const rule = value as Json;
  return ofEdge === undefined ? readLimit(name, rule) : readEdgeLimit(ofEdge, rule);
}
