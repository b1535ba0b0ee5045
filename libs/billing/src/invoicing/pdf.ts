import { METERS, type Meter } from '#contracts';
import { moneyText } from './money-text.js';

export interface PrintedInvoice {
  readonly number: string;
  readonly state: string;
  readonly issuer: string;
  readonly customer: { readonly name: string; readonly address: string };
  readonly currency: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly finalizedAt: Date;
  readonly dueAt: Date;
  readonly subtotalMicro: bigint;
  readonly discountMicro: bigint;
  readonly taxMicro: bigint;
  readonly totalMicro: bigint;
  readonly creditMicro: bigint;
  readonly paidMicro: bigint;
  readonly dueMicro: bigint;
  readonly lines: readonly {
    readonly description: string;
    readonly meter: string | null;
    readonly units: bigint;
    readonly fromHour: Date;
    readonly toHour: Date;
    readonly amountMicro: bigint;
  }[];
}

const LEFT = 50;
const WIDTH = 495;
const BOTTOM = 760;

/**
 * An invoice as PDF, in the fonts that every reader of PDF has. The same invoice gives the same bytes:
 * its dates are the invoice's own.
 */
export async function invoicePdf(invoice: PrintedInvoice): Promise<Buffer> {
  // Large, and needed only when somebody looks at an invoice.
  const { default: PDFDocument } = await import('pdfkit');
  const document = new PDFDocument({
    size: 'A4',
    margin: LEFT,
    info: {
      Title: `Invoice ${invoice.number}`,
      Author: latin(invoice.issuer),
      CreationDate: invoice.finalizedAt,
      ModDate: invoice.finalizedAt,
    },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
  head(document, invoice);
  for (const line of invoice.lines)
    row(document, describe(line), line.amountMicro, invoice.currency);
  sums(document, invoice);
  document.end();
  return done;
}

function head(document: PDFKit.PDFDocument, invoice: PrintedInvoice): void {
  document.font('Helvetica-Bold').fontSize(20).text(`Invoice ${invoice.number}`, LEFT, 50);
  if (invoice.state === 'void') document.fillColor('#b00020').text('VOID').fillColor('black');
  document.font('Helvetica').fontSize(10).moveDown();
  document.text(latin(invoice.issuer)).moveDown();
  document.font('Helvetica-Bold').text(latin(invoice.customer.name)).font('Helvetica');
  if (invoice.customer.address !== '') document.text(latin(invoice.customer.address));
  document.moveDown();
  document.text(`Date ${day(invoice.finalizedAt)}    Due ${day(invoice.dueAt)}`);
  document
    .text(`Period ${hour(invoice.periodStart)} to ${hour(invoice.periodEnd)} (UTC)`)
    .moveDown();
}

function describe(line: PrintedInvoice['lines'][number]): string {
  const { meter, units, description, fromHour, toHour } = line;
  const hours = `${hour(fromHour)} to ${hour(toHour)}`;
  if (meter === null || !(meter in METERS)) return `${description}\n${hours}`;
  const { per, unit } = METERS[meter as Meter];
  return `${description}: ${quantity(units, BigInt(per))} × ${unit}\n${hours}`;
}

/** Base units as units, with three decimals where they are not whole. */
function quantity(units: bigint, per: bigint): string {
  const sign = units < 0n ? '-' : '';
  const size = units < 0n ? -units : units;
  const rest = ((size % per) * 1000n) / per;
  const whole = String(size / per).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${whole}${rest === 0n ? '' : `.${String(rest).padStart(3, '0')}`}`;
}

function row(document: PDFKit.PDFDocument, text: string, micro: bigint, currency: string): void {
  const shown = latin(text);
  if (document.y + document.heightOfString(shown, { width: WIDTH - 130 }) > BOTTOM)
    document.addPage();
  const top = document.y;
  document.text(shown, LEFT, top, { width: WIDTH - 130 });
  const below = document.y;
  document.text(moneyText(micro, currency), LEFT + WIDTH - 120, top, {
    width: 120,
    align: 'right',
  });
  document.x = LEFT;
  document.y = below + 4;
}

function sums(document: PDFKit.PDFDocument, invoice: PrintedInvoice): void {
  const { currency } = invoice;
  document.moveDown();
  row(document, 'Subtotal', invoice.subtotalMicro, currency);
  if (invoice.discountMicro !== 0n) row(document, 'Discounts', -invoice.discountMicro, currency);
  if (invoice.taxMicro !== 0n) row(document, 'Tax', invoice.taxMicro, currency);
  document.font('Helvetica-Bold');
  row(document, 'Total', invoice.totalMicro, currency);
  document.font('Helvetica');
  if (invoice.creditMicro !== 0n) row(document, 'Credits', -invoice.creditMicro, currency);
  if (invoice.paidMicro !== 0n) row(document, 'Paid', -invoice.paidMicro, currency);
  document.font('Helvetica-Bold');
  row(document, 'To pay', invoice.dueMicro - invoice.paidMicro, currency);
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}
function hour(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}

/** The built-in fonts know Latin-1 alone; what they cannot show is shown as a question mark, not garbage. */
function latin(text: string): string {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2013\u2014]/g, '-')
    .replace(/[^\n\u0020-\u007e\u00a0-\u00ff]/gu, '?');
}
