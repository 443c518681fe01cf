/** Of this build: what nodes tell each other. The package's own (`version.test.ts`). */
export const VERSION = '0.1.0';
