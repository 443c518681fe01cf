import type { TenantId } from '@hufu/protocol/ids';

/** A rule of flow control that was set while the server ran. It stands before what a configuration says under the same name. */
export interface LimitRuleRecord {
  readonly name: string;
  /** JSON, as it was handed in. */
  readonly rule: string;
  readonly changedAt: number;
  /** Who set it: a client's id, or `cli`. */
  readonly changedBy: string;
}

/** What was there before is another than the caller knew. Nothing has changed. */
export interface LimitsChanged {
  readonly kind: 'changed';
  readonly version: number;
}

export interface LimitRules {
  /** In order of the name, with a version that is not newer than they are. */
  listLimitRules(tenant: TenantId): Promise<{ readonly version: number; readonly rules: LimitRuleRecord[] }>;
  /** Grows with each change that any process makes: cheap to ask twice a second. */
  limitRulesVersion(tenant: TenantId): Promise<number>;
  /**
   * Sets a rule where the version is still `version` (undefined: whatever it is); one winner among any number who know the same version.
   *
   * @param most how many there may be.
   */
  putLimitRule(
    tenant: TenantId,
    rule: LimitRuleRecord,
    version: number | undefined,
    most: number,
  ): Promise<{ readonly kind: 'done'; readonly version: number } | { readonly kind: 'full' } | LimitsChanged>;
  removeLimitRule(
    tenant: TenantId,
    name: string,
    version: number | undefined,
  ): Promise<{ readonly kind: 'done'; readonly version: number } | { readonly kind: 'unknown' } | LimitsChanged>;
}
