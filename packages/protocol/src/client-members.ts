import type { BackchannelAuthentication } from './client-backchannel.ts';
import type { ClientJose, ClientJoseWire } from './client-jose.ts';
import type { PublicJwks } from './client-jwks.ts';
import type { ClientSender, ClientSenderWire } from './client-sender.ts';
import type { ClientSettings, ClientSettingsWire } from './client-settings.ts';
import type { Localized } from './localized.ts';
import type { ProfileRules } from './profiles/profile.ts';
import type { ApplicationType } from './redirect-uri.ts';

/** A client's metadata (RFC 7591 §2, OpenID Connect Registration §2), checked, with its defaults filled in. */
export interface ClientMetadata extends ClientJose, ClientSender {
  readonly applicationType: ApplicationType;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly tokenEndpointAuthMethod: string;
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  /** Undefined: every one that the server has. */
  readonly responseModes: readonly string[] | undefined;
  /** Undefined: as the server has it. */
  readonly scopes: readonly string[] | undefined;
  readonly clientName: Localized | undefined;
  readonly clientUri: Localized | undefined;
  readonly logoUri: Localized | undefined;
  readonly policyUri: Localized | undefined;
  readonly tosUri: Localized | undefined;
  readonly contacts: readonly string[];
  readonly initiateLoginUri: string | undefined;
  readonly subjectType: 'public' | 'pairwise';
  readonly sectorIdentifierUri: string | undefined;
  /** Request objects that may be fetched (OpenID Connect Registration §2), each to the character, a fragment aside. */
  readonly requestUris: readonly string[];
  /** Whether its authorization requests come ahead, by `request_uri` (RFC 9126 §6). */
  readonly requirePushedAuthorizationRequests: boolean;
  /** Types of `authorization_details` (RFC 9396 §10) that it may ask for; undefined: as the server has it. */
  readonly authorizationDetailsTypes: readonly string[] | undefined;
  readonly frontchannelLogout: LogoutMetadata | undefined;
  readonly backchannelLogout: LogoutMetadata | undefined;
  /** Undefined where it has registered nothing about it. */
  readonly backchannelAuthentication: BackchannelAuthentication | undefined;
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  readonly softwareId: string | undefined;
  readonly softwareVersion: string | undefined;
  readonly defaultAcrValues: readonly string[];
  readonly defaultMaxAgeSeconds: number | undefined;
  readonly requireAuthTime: boolean;
  readonly settings: ClientSettings;
  /** What the profile of its settings asks of each request. */
  readonly rules: ProfileRules;
}

/** Where a client is told that a session has ended (OpenID Connect Front-Channel Logout §2, Back-Channel Logout §2.2). */
export interface LogoutMetadata {
  readonly uri: string;
  /** Whether it cannot do without `sid`. */
  readonly sessionRequired: boolean;
}

/** The same as it stands in `hufu.yaml`, in the store and in a registration. */
export interface ClientMetadataWire extends ClientJoseWire, ClientSenderWire {
  readonly application_type?: ApplicationType;
  readonly redirect_uris?: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  readonly token_endpoint_auth_method?: string;
  readonly grant_types?: readonly string[];
  readonly response_types?: readonly string[];
  readonly response_modes?: readonly string[];
  readonly scope?: string;
  readonly client_name?: string;
  readonly client_uri?: string;
  readonly logo_uri?: string;
  readonly policy_uri?: string;
  readonly tos_uri?: string;
  /** `client_name#zh-CN` (RFC 7591 §2.2). */
  readonly [variant: `${'client_name' | 'client_uri' | 'logo_uri' | 'policy_uri' | 'tos_uri'}#${string}`]: string;
  readonly contacts?: readonly string[];
  readonly initiate_login_uri?: string;
  readonly subject_type?: 'public' | 'pairwise';
  readonly sector_identifier_uri?: string;
  readonly request_uris?: readonly string[];
  readonly require_pushed_authorization_requests?: boolean;
  readonly authorization_details_types?: readonly string[];
  readonly frontchannel_logout_uri?: string;
  readonly frontchannel_logout_session_required?: boolean;
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required?: boolean;
  readonly backchannel_token_delivery_mode?: BackchannelAuthentication['mode'];
  readonly backchannel_client_notification_endpoint?: string;
  readonly backchannel_authentication_request_signing_alg?: string;
  readonly backchannel_user_code_parameter?: boolean;
  readonly jwks?: PublicJwks;
  readonly jwks_uri?: string;
  readonly software_id?: string;
  readonly software_version?: string;
  readonly default_acr_values?: readonly string[];
  readonly default_max_age?: number;
  readonly require_auth_time?: boolean;
  readonly hufu?: ClientSettingsWire;
}
