/** A grant as paths name it: list and place with a `-` between them. */
export function pathOfGrant(id: string): string {
  return id.replaceAll(/[^0-9]+/g, '-');
}
