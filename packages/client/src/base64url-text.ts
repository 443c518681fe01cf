/** Bytes as base64url (RFC 4648 §5). Small, as it is part of every page; what reads base64url is `protocol`'s, and strict. */
export function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
