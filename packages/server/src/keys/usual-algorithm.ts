/**
 * The algorithm that signs where nobody has chosen one, among those that this server signs with: `preferred`, or else the first of them.
 *
 * @param algorithms `signing.algorithms`
 * @param preferred `ES256` for what we sign often, as it is the fastest; `RS256` where a standard says so
 */
export function usualAlgorithm(algorithms: readonly string[], preferred: 'ES256' | 'RS256'): string {
  return algorithms.includes(preferred) ? preferred : (algorithms[0] ?? preferred);
}
