/**
 * Vectors that JOSE libraries have failed on, against our readers and verifiers. Beside those made here, all of Wycheproof's, where its
 * folder is at hand: `HUFU_WYCHEPROOF=<checkout>/testvectors_v1`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { handmadeGroups } from './jwt-handmade.ts';
import { judge, type Vector, type VectorGroup } from './jwt-vectors.ts';

test('JWT-14 · forged padding, values off the curve, odd forms and keys of another kind get the verdict that is due (RFC 8725 §3.1, §3.4, RFC 7515 §5.2)', async () => {
  let ran = 0;
  for (const group of await handmadeGroups()) {
    for (const vector of group.tests) {
      const verdict = await judge(group, vector);
      assert.equal(verdict, vector.result === 'valid' ? 'accepted' : 'refused', `${group.comment}: ${vector.comment}`);
      ran += 1;
    }
  }
  assert.ok(ran > 80, String(ran));
});

/** Where we are stricter than the vectors, or they contradict themselves. */
function findDeparture(group: VectorGroup, { comment, jws, jwe }: Vector): string | undefined {
  const head = String(jws ?? jwe).split('.')[0] ?? '';
  const header = Buffer.from(head, 'base64url').toString();
  const key = group.public ?? group.private ?? {};
  if (header.includes('"RSA1_5"')) return 'RSA1_5 is not spoken';
  if ('keys' in key) return 'a set of symmetric keys is none of ours';
  if (comment.startsWith('InvalidCharacterInserted')) return 'characters that are no base64url';
  if (comment.startsWith('invalidBase64Padding')) return 'the text is the valid one, without any padding';
  if (comment.startsWith('Figure') && 'alg' in key && !header.includes(`"${String(key['alg'])}"`))
    return 'the key says another alg than the header';
  return undefined;
}

const folder = process.env['HUFU_WYCHEPROOF'];
if (folder !== undefined && folder !== '') {
  for (const name of ['json_web_signature', 'json_web_encryption', 'json_web_key', 'json_web_crypto']) {
    test(`JWT-14 · JWT-28 · every verdict of Wycheproof's ${name} is ours, but where we say why not`, async (t) => {
      const { testGroups }: { readonly testGroups: readonly VectorGroup[] } = JSON.parse(
        readFileSync(join(folder, `${name}_test.json`), 'utf8'),
      );
      const counts = new Map<string, number>();
      const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
      for (const group of testGroups) {
        for (const vector of group.tests) {
          const verdict = await judge(group, vector);
          const isDue = verdict === (vector.result === 'valid' ? 'accepted' : 'refused');
          if (typeof verdict !== 'string') count(`not run, ${verdict.outside}`);
          else if (isDue) count('as it is due');
          else {
            const departure = findDeparture(group, vector);
            assert.ok(departure, `${group.comment} ${vector.tcId} ${vector.comment}: ${verdict}`);
            count(departure);
          }
        }
      }
      for (const [what, number] of counts) t.diagnostic(`${number} ${what}`);
      assert.ok((counts.get('as it is due') ?? 0) > 10);
    });
  }
}
