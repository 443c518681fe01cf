/** STAND-IN until part A: the key made from a client's secret (OpenID Connect Core §10.2). */
export function secretKey(_secret: string, _alg: string, _enc: string): Uint8Array {
  throw new Error('not built yet');
}
