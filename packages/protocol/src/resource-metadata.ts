/** What a protected resource says of itself (RFC 9728 §2). Lists that are empty or left out are not told. */
export interface ResourceDescription {
  /** RFC 8707 §2: an absolute URI without a fragment; what clients name as `resource`, and the `aud` of its tokens. */
  readonly resource: string;
  /** Issuers whose tokens it takes. */
  readonly authorizationServers: readonly string[];
  readonly scopes?: readonly string[];
  /** How tokens are shown (RFC 6750 §2). */
  readonly bearerMethods?: readonly ('header' | 'body')[];
  readonly name?: string;
  readonly documentation?: string;
  /** JOSE `alg`s of the proofs it takes (RFC 9449 §4). */
  readonly dpopAlgs?: readonly string[];
  /** Only tokens with a proof are taken. */
  readonly dpopRequired?: boolean;
  /** Tokens that are bound to certificates are taken (RFC 8705 §3). */
  readonly certificateBound?: boolean;
  /** Types of `authorization_details` that it knows (RFC 9396 §10). */
  readonly authorizationDetailsTypes?: readonly string[];
}

export type ResourceMetadata = Readonly<Record<string, string | boolean | readonly string[]>>;

/** The metadata document of a protected resource (RFC 9728 §2). */
export function buildResourceMetadata(described: ResourceDescription): ResourceMetadata {
  const members: readonly (readonly [string, string | boolean | readonly string[] | undefined])[] = [
    ['resource', described.resource],
    ['authorization_servers', described.authorizationServers],
    ['scopes_supported', described.scopes],
    ['bearer_methods_supported', described.bearerMethods],
    ['resource_name', described.name],
    ['resource_documentation', described.documentation],
    ['dpop_signing_alg_values_supported', described.dpopAlgs],
    ['dpop_bound_access_tokens_required', described.dpopRequired],
    ['tls_client_certificate_bound_access_tokens', described.certificateBound],
    ['authorization_details_types_supported', described.authorizationDetailsTypes],
  ];
  const metadata: Record<string, string | boolean | readonly string[]> = {};
  for (const [name, value] of members) {
    if (value !== undefined && !(typeof value === 'object' && value.length === 0)) metadata[name] = value;
  }
  return metadata;
}

/**
 * Where a resource's metadata lies (RFC 9728 §3.1): between its host and its path.
 * `https://api.example/notes` is described at `https://api.example/.well-known/oauth-protected-resource/notes`.
 *
 * @throws {TypeError} where the resource is no http or https URL.
 */
export function resourceMetadataUrl(resource: string): string {
  const url = URL.parse(resource);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '')
    throw new TypeError('the resource is not an http URL without a fragment');
  const path = url.pathname === '/' ? '' : url.pathname;
  return `${url.origin}/.well-known/oauth-protected-resource${path}${url.search}`;
}
