/** The client that the console is. It is built in: nothing in a configuration describes it. */
export const CONSOLE_CLIENT_ID = 'hufu-console';
