/** What we use of this module, which brings no types. */
declare module 'qrcode' {
  /** A QR code as its modules, row by row: anything but 0 is dark. */
  export function create(
    text: string,
    options: { readonly errorCorrectionLevel: 'L' | 'M' | 'Q' | 'H' },
  ): { readonly modules: { readonly size: number; readonly data: Uint8Array } };
}
