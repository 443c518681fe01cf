/** What we use of this module, which brings no types. */
declare module 'qrcode' {
  /** Two rows of squares a line, in colours of its own, whatever those of the terminal are. */
  export function toString(text: string, options: { readonly type: 'terminal'; readonly small: boolean }): Promise<string>;
}
