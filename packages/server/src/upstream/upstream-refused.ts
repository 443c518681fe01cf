/**
 * Why a sign-in elsewhere came to nothing. `declined`: whoever was there did not go through with it. `unavailable`: nobody answers there. `failed`: what was
 * answered does not hold. The message is for the decision record alone: what an upstream writes is shown to nobody.
 */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly kind: 'declined' | 'unavailable' | 'failed';

  constructor(kind: 'declined' | 'unavailable' | 'failed', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
