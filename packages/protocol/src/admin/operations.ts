import { ADMINISTRATOR_OPERATIONS, type AdministratorOperations } from './administrators.ts';
import { APPEARANCE_OPERATIONS, type AppearanceOperations } from './appearance.ts';
import { AUDIT_OPERATIONS, type AuditOperations } from './audit.ts';
import { CLIENT_OPERATIONS, type ClientOperations } from './clients.ts';
import { GATEWAY_OPERATIONS, type GatewayOperations } from './gateway.ts';
import { GRANT_OPERATIONS, type GrantOperations } from './grants.ts';
import { LIMIT_OPERATIONS, type LimitOperations } from './limits.ts';
import { METRIC_OPERATIONS, type MetricOperations } from './metrics.ts';
import type { AnyOperation, Operation } from './operation.ts';
import { POLICY_OPERATIONS, type PolicyOperations } from './policies.ts';
import { SECURITY_OPERATIONS, type SecurityOperations } from './security.ts';
import { SETTING_OPERATIONS, type SettingOperations } from './settings.ts';
import { TOKEN_OPERATIONS, type TokenOperations } from './tokens.ts';
import { UPSTREAM_OPERATIONS, type UpstreamOperations } from './upstreams.ts';
import { USER_OPERATIONS, type UserOperations } from './users.ts';
import { WEBHOOK_OPERATIONS, type WebhookOperations } from './webhooks.ts';

/** Every operation of the admin API by its name. What is not here does not exist; what is here and not done by the server does not build. */
export interface AdminOperations
  extends AdministratorOperations,
    ClientOperations,
    UserOperations,
    GrantOperations,
    SecurityOperations,
    TokenOperations,
    LimitOperations,
    MetricOperations,
    SettingOperations,
    GatewayOperations,
    UpstreamOperations,
    PolicyOperations,
    AppearanceOperations,
    AuditOperations,
    WebhookOperations {}

export type OperationName = keyof AdminOperations;

export const OPERATIONS: AdminOperations = {
  ...ADMINISTRATOR_OPERATIONS,
  ...CLIENT_OPERATIONS,
  ...USER_OPERATIONS,
  ...GRANT_OPERATIONS,
  ...SECURITY_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...LIMIT_OPERATIONS,
  ...METRIC_OPERATIONS,
  ...SETTING_OPERATIONS,
  ...GATEWAY_OPERATIONS,
  ...UPSTREAM_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...APPEARANCE_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
};

/** In the order of the table. */
export const OPERATION_NAMES: readonly OperationName[] = Object.keys(OPERATIONS).filter((name) => isOperationName(name));

/** The operation without its types: for what goes over all of them. */
export function operationOf(name: OperationName): AnyOperation {
  return OPERATIONS[name];
}

export type ParamsOf<N extends OperationName> =
  AdminOperations[N] extends Operation<infer P, unknown, unknown, unknown> ? Readonly<Record<P, string>> : never;
export type QueryOf<N extends OperationName> = AdminOperations[N] extends Operation<string, infer Q, unknown, unknown> ? Q : never;
export type BodyOf<N extends OperationName> = AdminOperations[N] extends Operation<string, unknown, infer B, unknown> ? B : never;
export type ReplyOf<N extends OperationName> = AdminOperations[N] extends Operation<string, unknown, unknown, infer R> ? R : never;

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}
