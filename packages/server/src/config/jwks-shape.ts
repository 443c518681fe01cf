import { type PublicJwks, readPublicJwks } from '@hufu/protocol/client-jwks';
import { type Fault, FieldReader } from '@hufu/protocol/field-reader';
import { locate, toJson } from './node.ts';
import { FAILED, type Shape } from './shape.ts';

/** RFC 7517 §5, by the protocol's own reader. */
export const jwksShape: Shape<PublicJwks> = {
  schema: {
    type: 'object',
    properties: { keys: { description: 'Public keys (RFC 7517).', type: 'array', items: { type: 'object' }, minItems: 1 } },
    required: ['keys'],
  },
  read(node, spot) {
    const faults: Fault[] = [];
    const read = readPublicJwks(new FieldReader(toJson(node), [], faults, { nulls: 'wrong', unknown: 'ignored' }));
    if (faults.length === 0 && read.keys.length === 0) faults.push({ path: ['keys'], message: 'has no key' });
    for (const { path, message } of faults) {
      const here = path.reduce((inner, part) => inner.at(part), spot.asSecret());
      here.report(locate(node, path).node.place, message, '');
    }
    return faults.length === 0 ? read : FAILED;
  },
};
