// @ts-check
/** Reading JWTs to show them. What may be believed in them is another question, and the API's to answer. */

/**
 * @typedef {object} Decoded
 * @property {Record<string, unknown>} header
 * @property {Record<string, unknown>} claims
 */

/**
 * @param {string} text
 * @returns {Decoded | undefined} undefined where it is no JWT: an opaque token has nothing in it for us
 */
export function decodeJwt(text) {
  const [header, claims, signature] = text.split('.');
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  try {
    return { header: decodePart(header), claims: decodePart(claims) };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} part
 * @returns {Record<string, unknown>}
 */
function decodePart(part) {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
