import type { KeyPart } from '@hufu/flow/rule';
import { Refused } from './shape.ts';

const HEADER = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** `header:NAME`, by which rules count. */
export function headerPart(part: string): KeyPart | Refused {
  const header = part.startsWith('header:') ? part.slice('header:'.length).toLowerCase() : '';
  return HEADER.test(header) ? { header } : new Refused('is nothing that a rule counts by');
}
