/** What a POLL found for some subscriptions of one resource. */
export interface DavStatus {
  readonly status: '200 OK' | '204 No Content' | '412 Precondition Failed';
  readonly ids: readonly number[];
  /** Where the new messages can be read. */
  readonly read?: string;
}

/** The 207 body as Exchange wrote it, with one element of our own: where to read what is new. */
export function multistatus(href: string, found: readonly DavStatus[]): string {
  const responses = found.map(
    ({ status, ids, read }) =>
      `<a:response><a:href>${escape(href)}</a:href><a:status>HTTP/1.1 ${status}</a:status>` +
      `<a:propstat><a:status>HTTP/1.1 ${status}</a:status><a:prop><b:subscriptionID>` +
      ids.map((id) => `<li>${id}</li>`).join('') +
      `</b:subscriptionID>${read === undefined ? '' : `<h:messages>${escape(read)}</h:messages>`}` +
      `</a:prop></a:propstat></a:response>`,
  );
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n<a:multistatus xmlns:a="DAV:" ' +
    'xmlns:b="http://schemas.microsoft.com/Exchange/" xmlns:h="urn:holdline">' +
    `${responses.join('')}</a:multistatus>\n`
  );
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
