/** RFC 8628 §3.4. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** OpenID Connect CIBA §10.1. */
export const CIBA = 'urn:openid:params:grant-type:ciba';
