import { makeKey, signToken, startIssuer } from './src/testing/issuer.ts';
import { verifier } from './src/verifier.ts';
const key = makeKey('ES256', 'es'); const rs = makeKey('RS256','rs'); const ed = makeKey('EdDSA','ed');
const issuer = await startIssuer([key, rs, ed]);
const v = verifier({ issuer: issuer.issuer, audience: 'a' });
const now = Math.floor(Date.now()/1000);
const claims = (jti) => ({ iss: issuer.issuer, aud: 'a', sub: 's', client_id: 'c', jti, iat: now, exp: now + 600, scope: 'notes:read' });
for (const k of [key, rs, ed]) {
  const tokens = Array.from({ length: 6000 }, (_, i) => i < 3000 || k === key ? signToken(k, claims(String(i))) : signToken(key, claims('x'+i)));
  await v.verify(tokens[0]);
  let t = performance.now(); for (const x of tokens.slice(0, 3000)) await v.verify(x); let d = performance.now() - t;
  console.log(k.alg, 'cold', (3000 / d * 1000).toFixed(0), '/s', (d / 3).toFixed(1), 'µs');
}
const one = signToken(key, claims('hot')); await v.verify(one);
let t = performance.now(); for (let i = 0; i < 200000; i++) await v.verify(one); let d = performance.now() - t;
console.log('cached', (200000 / d * 1000).toFixed(0), '/s', (d / 200).toFixed(2), 'µs');
t = performance.now(); for (let i = 0; i < 20000; i++) await v.verify(one + 'x'); d = performance.now() - t;
console.log('garbage signature', (20000 / d * 1000).toFixed(0), '/s');
t = performance.now(); for (let i = 0; i < 50000; i++) await v.verify('x'.repeat(60)); d = performance.now() - t;
console.log('malformed', (50000 / d * 1000).toFixed(0), '/s');
await issuer.close();
