/**
 * Functions for bash that make a DPoP proof (RFC 9449 §4.2): `proof METHOD URL [TOKEN]`, by the key in the file that `$DPOP_KEY` names and with the nonce in `$DPOP_NONCE`
 * where there is one. What `openssl` signs is DER; a JWS has both numbers in 32 bytes each (RFC 7518 §3.4).
 */
export const PROOF_FUNCTIONS: string = [
  "b64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }",
  'unhex() { printf "$(printf %s "$1" | sed \'s/../\\\\x&/g\')"; }',
  'proof() {',
  '  local point key said text numbers',
  '  point=$(openssl ec -in "$DPOP_KEY" -pubout -outform DER 2>/dev/null | tail -c 64 | od -An -v -tx1 | tr -d \' \\n\')',
  '  key=$(printf \'{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}\' "$(unhex "${point:0:64}" | b64url)" "$(unhex "${point:64}" | b64url)")',
  '  said=$(printf \'"jti":"%s","htm":"%s","htu":"%s","iat":%s\' "$(openssl rand -hex 16)" "$1" "$2" "$(date +%s)")',
  '  if [ -n "${DPOP_NONCE-}" ]; then said=$(printf \'%s,"nonce":"%s"\' "$said" "$DPOP_NONCE"); fi',
  '  if [ -n "${3-}" ]; then said=$(printf \'%s,"ath":"%s"\' "$said" "$(printf %s "$3" | openssl dgst -sha256 -binary | b64url)"); fi',
  '  text=$(printf \'{"typ":"dpop+jwt","alg":"ES256","jwk":%s}\' "$key" | b64url).$(printf \'{%s}\' "$said" | b64url)',
  '  numbers=$(printf %s "$text" | openssl dgst -sha256 -sign "$DPOP_KEY" | openssl asn1parse -inform DER | sed -n \'s/.*INTEGER *://p\')',
  '  printf %s "$text.$(unhex "$(printf \'%64s\' $numbers | tr \' \' 0)" | b64url)"',
  '}',
].join('\n');
