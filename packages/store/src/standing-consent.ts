/** Whether the consent `consent` (a name of the table in the statement around it) stands, as a condition of both engines: nobody has forgotten what was given to its client until then. */
export function isStanding(consent: string): string {
  return `NOT EXISTS (SELECT 1 FROM forgotten_consents f
      WHERE f.tenant = ${consent}.tenant AND f.client_id = ${consent}.client_id AND f.before_epoch > coalesce(${consent}.client_epoch, -1))`;
}
