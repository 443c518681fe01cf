/** What we use of this module, which brings no types. */
declare module 'qrcode' {
  /** Two rows of squares a line, in colours of its own, whatever those of the terminal are. */
  export function toString(text: string, options: { readonly type: 'terminal'; readonly small: boolean }): Promise<string>;
  /** What the server uses of it, whose sources are read along. */
  export function create(
    text: string,
    options: { readonly errorCorrectionLevel: 'L' | 'M' | 'Q' | 'H' },
  ): { readonly modules: { readonly size: number; readonly data: Uint8Array } };
}
