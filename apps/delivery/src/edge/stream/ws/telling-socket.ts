import { WebSocket } from 'ws';

/**
 * A WebSocket that says what is wrong before it closes. The library closes at once, with a number alone,
 * when the client's bytes are not to be understood; here whoever has the connection closes it, once the
 * client has been told in words.
 */
export class TellingSocket extends WebSocket {
  /** Given the close code that RFC 6455 has for it. */
  onFault: ((code: number) => void) | null = null;

  override close(code?: number, reason?: string | Buffer): void {
    // Only the library closes without a reason while the connection is open: see `SocketConnection.finish`.
    const { onFault } = this;
    if (
      code === undefined ||
      reason !== undefined ||
      this.readyState !== WebSocket.OPEN ||
      !onFault
    ) {
      super.close(code, reason);
      return;
    }
    this.onFault = null;
    onFault(code);
  }
}
