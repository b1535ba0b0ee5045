import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HEADER, Problem, PROBLEM_TYPE } from '#contracts';

/** Bytes that are no HTTP request, or come too slowly: the refusal, by the code of Node's HTTP parser. */
export function brokenRequest(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(
        'headers_too_large',
        'The request line and headers together are larger than this server takes. Long channel lists and cursors go into the body of POST /v1/poll.',
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(
        'request_timeout',
        'The request took too long to arrive: its headers have 15 s, all of it 30 s.',
      );
    default:
      return new Problem(
        'invalid_request',
        'This is not an HTTP request that can be read. Check what sends it.',
      );
  }
}

/** Writes the one answer that such a connection gets, and ends it. */
export function refuseConnection(
  socket: Socket,
  problem: Problem,
  docs: string,
  requestId: string,
): void {
  const body = JSON.stringify(problem.toDocument(docs, requestId));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `${HEADER.requestId}: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
