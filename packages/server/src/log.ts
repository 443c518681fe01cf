/**
 * Log lines: JSON, an event name from a union, never a token, code, cookie, assertion, secret or form body.
 */
export type LogEvent =
  | 'server.started'
  | 'server.stopping'
  | 'server.stopped'
  | 'edge.started'
  | 'edge.stopped'
  | 'edge.refused'
  /** The same for the same cause: so often by now. */
  | 'edge.refused_again'
  | 'edge.warning'
  | 'edge.passport_action'
  | 'request.failed'
  | 'store.unavailable'
  | 'key.added'
  | 'key.retired'
  | 'key.removed'
  | 'key.revoked'
  | 'keys.reloaded'
  | 'code.replayed'
  | 'session.elsewhere'
  | 'refresh_token.replayed'
  | 'refresh_token.foreign_key'
  | 'grant.foreign_client'
  /** Somebody was to act for somebody who has not allowed it. */
  | 'exchange.refused'
  | 'client.registered'
  | 'client.changed'
  | 'client.removed'
  | 'config.applied'
  /** Somebody has changed something through the admin API. */
  | 'admin.changed'
  /** The chain of the audit log up to a number, as it was then: whoever keeps these lines elsewhere can hold the log to them. */
  | 'audit.checkpoint'
  /** The audit log is not what this server knows of it: somebody has changed it. */
  | 'audit.tampered'
  | 'bot_check.unreachable'
  /** The store has gone back to an earlier state: followers of the revocation log begin anew. */
  | 'revocations.renewed'
  | 'config.email_taken'
  | 'config.user_taken'
  | 'user.signed_up'
  | 'user.deleted'
  | 'decisions.dropped'
  /** What was asked could not be written down: a replay knows nothing of it. */
  | 'history.dropped'
  | 'job.failed'
  /** Somebody has set a limit while the server runs, or has taken that back. */
  | 'limits.changed'
  /** Limits that were set while a server ran stand before what the configuration says. */
  | 'limits.overridden'
  /** A stored limit cannot be read, or cannot stand beside the others: what the configuration says holds. */
  | 'limits.unreadable'
  | 'limits.reloaded'
  /** Redis does not answer: limits go by `on_store_error`. */
  | 'redis.unavailable'
  | 'redis.available'
  /** Whoever reaches a test server can set its clock. */
  | 'mode.test_exposed'
  | 'outbound.refused'
  /** A client of CIBA was told of a decision, was not and will be tried again, or never will be. */
  | 'backchannel.notified'
  | 'backchannel.failed'
  | 'backchannel.dead'
  | 'logout.delivered'
  | 'logout.failed'
  /** A client was not told, and nobody will try again: see `hufu delivery list`. */
  | 'logout.dead'
  | 'mail.sent'
  /** The mail server did not take a mail: it will be tried again, or never will be. */
  | 'mail.failed'
  | 'mail.dead'
  /** A webhook was sent an entry of the audit log, was not and will be, or never will be: see `hufu webhook deliveries`. */
  | 'webhook.delivered'
  | 'webhook.failed'
  | 'webhook.dead'
  /** It said that it wants no more, or has failed for days. */
  | 'webhook.disabled';

export interface Log {
  info(event: LogEvent, fields?: Readonly<Record<string, string | number | boolean>>): void;
  warn(event: LogEvent, fields?: Readonly<Record<string, string | number | boolean>>): void;
  /** `error` is our bug or the store's trouble: its stack is kept here and nowhere else. */
  error(event: LogEvent, error: unknown, fields?: Readonly<Record<string, string | number | boolean>>): void;
}

/** @param write takes one line without its end. */
export function jsonLog(write: (line: string) => void, nowMs: () => number): Log {
  const line = (level: string, event: LogEvent, fields: Readonly<Record<string, unknown>>): void => {
    write(JSON.stringify({ time: new Date(nowMs()).toISOString(), level, event, ...fields }));
  };
  return {
    info: (event, fields = {}) => line('info', event, fields),
    warn: (event, fields = {}) => line('warn', event, fields),
    error: (event, error, fields = {}) => line('error', event, { ...fields, error: describe(error) }),
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'not an Error';
  const cause = error.cause instanceof Error ? `; caused by ${error.cause.name}: ${error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
