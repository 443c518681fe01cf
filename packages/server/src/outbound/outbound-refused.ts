/** The request was not made, or its answer not taken. The message is for the log: callers answer with words of their own. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/** Somebody answered, and sent us elsewhere: asking again would change nothing. */
export class OutboundRedirected extends OutboundRefused {}
