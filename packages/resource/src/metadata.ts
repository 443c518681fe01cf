import {
  buildResourceMetadata,
  type ResourceDescription,
  type ResourceMetadata,
  resourceMetadataUrl,
} from '@hufu/protocol/resource-metadata';

export type { ResourceDescription, ResourceMetadata };

/** How a resource tells clients where to get tokens for it (RFC 9728). */
export interface DescribedResource {
  /** To be served as JSON at `url`, to anybody. */
  readonly metadata: ResourceMetadata;
  /** For `ProtectOptions.resourceMetadata`: every challenge then says where to look. */
  readonly url: string;
  /** The path of `url`. */
  readonly path: string;
}

/**
 * Describes a resource, so that a client that knows nothing but its address finds the way to a token: from the challenge to this document, from
 * there to the authorization server (RFC 9728 §5, the authorization flow of the Model Context Protocol).
 *
 * @throws {TypeError} where `resource` is no http or https URL.
 */
export function describeResource(described: ResourceDescription): DescribedResource {
  const url = resourceMetadataUrl(described.resource);
  return { metadata: buildResourceMetadata(described), url, path: new URL(url).pathname };
}
