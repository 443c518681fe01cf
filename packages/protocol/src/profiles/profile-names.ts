/** What `hufu.profile` may say. Apart from the profiles themselves, for whoever needs no more than their names. */
export const PROFILE_NAMES = ['oauth21', 'mcp', 'fapi2_security', 'fapi2_message_signing', 'fapi1_advanced'] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];
