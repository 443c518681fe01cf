import {
  buildResourceMetadata,
  type ResourceDescription,
  type ResourceMetadata,
  resourceMetadataUrl,
} from '@hufu/protocol/resource-metadata';
import type { Reply } from './reply.ts';

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

/**
 * The answer to a request for the document (RFC 9728 §3.2): readable from any origin. Undefined for other paths and other methods than GET and
 * HEAD; the adapters of this package serve it before everything else.
 *
 * @param url path and query of the request.
 */
export function metadataReply(described: DescribedResource, method: string, url: string): Reply | undefined {
  const isAsked = (method === 'GET' || method === 'HEAD') && url.split('?', 1)[0] === described.path;
  return isAsked ? { status: 200, headers: HEADERS, body: JSON.stringify(described.metadata) } : undefined;
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  'cache-control': 'public, max-age=300',
  'access-control-allow-origin': '*',
};
