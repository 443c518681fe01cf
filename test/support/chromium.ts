/** How tests start Debian's Chromium: without a window, and without calls of its own to anybody. For `chromium.launch` and `launchPersistentContext`. */
export const CHROMIUM: { readonly executablePath: string; readonly args: string[] } = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ],
};
