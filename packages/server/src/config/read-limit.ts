import { type BuiltinRate, isBuiltinName } from '../limits/builtin.ts';
import type { LimitRule } from './config.ts';
import type { GatewayLimitConfig } from './gateway-config.ts';
import { gatewayLimitShape } from './gateway-limits-shape.ts';
import { limitRuleShape } from './limit-rule-shape.ts';
import { builtinShape, RULE_NAME } from './limits-shape.ts';
import { fromJson, type Json } from './node.ts';
import type { Problems } from './problem.ts';
import { pieceAt } from './read-piece.ts';
import { FAILED } from './shape.ts';

/** One limit by itself, as `limits.builtin` or `limits.rules` would have it. */
export type ReadLimit =
  | { readonly kind: 'builtin'; readonly rate: BuiltinRate }
  | { readonly kind: 'rule'; readonly rule: LimitRule }
  /** Everything that is wrong with it, in a sentence. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether something may be the name of a limit. */
export function isLimitName(name: string): boolean {
  return RULE_NAME.test(name);
}

/** Reads a limit of that name, which is one of the server's own or the name of a rule. */
export function readLimit(name: string, value: Json): ReadLimit {
  if (!isLimitName(name)) return { kind: 'refused', reason: 'a name is 1 to 64 lower-case letters, digits and -' };
  const { spot, problems } = pieceAt([name]);
  const node = fromJson(value, { file: '', line: 0, column: 0 });
  if (isBuiltinName(name)) {
    const rate = builtinShape(name).read(node, spot);
    return rate === FAILED ? refused(problems) : { kind: 'builtin', rate };
  }
  const rule = limitRuleShape.read(node, spot);
  return rule === FAILED ? refused(problems) : { kind: 'rule', rule: rule(name) };
}

export type ReadEdgeLimit =
  | { readonly kind: 'limit'; readonly limit: GatewayLimitConfig }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads a limit of the edge, as `gateway.limits.rules` would have it under that name. */
export function readEdgeLimit(name: string, value: Json): ReadEdgeLimit {
  if (!isLimitName(name)) return { kind: 'refused', reason: 'a name is edge: and 1 to 64 lower-case letters, digits and -' };
  const { spot, problems } = pieceAt([name]);
  const read = gatewayLimitShape.read(fromJson(value, { file: '', line: 0, column: 0 }), spot);
  return read === FAILED ? refused(problems) : { kind: 'limit', limit: read(name) };
}

const MAX_TOLD = 5;

function refused(problems: Problems): { readonly kind: 'refused'; readonly reason: string } {
  const told = problems.sorted().slice(0, MAX_TOLD);
  const sentences = told.map(
    ({ path, message, allowed }) => `${path} ${message}${allowed.length === 0 ? '' : ` (allowed: ${allowed.slice(0, 8).join(', ')})`}`,
  );
  return { kind: 'refused', reason: sentences.join('; ') || 'cannot be read' };
}
