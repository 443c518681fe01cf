/** What is used of a Redis or Valkey client. */
export interface RedisCalls {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
}
