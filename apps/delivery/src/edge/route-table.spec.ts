import { describe, expect, test } from '@jest/globals';
import { DELIVERY_ROUTES, Problem } from '#contracts';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { RouteTable } from './route-table.js';
import { dataPlaneRoutes } from './routes.js';

function ask(method: string, path: string) {
  const told: string[] = [];
  const exchange = { method, path, always: (headers: string[]) => told.push(...headers) };
  return { exchange: exchange as unknown as Exchange, told };
}

describe('the routes of the data plane', () => {
  test('every route of the contract is served, and every parameter is found', () => {
    const table = dataPlaneRoutes({} as EdgeContext);
    for (const { method, path } of Object.values(DELIVERY_ROUTES)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `<${name}>`);
      const filled = path.replace(/\{(\w+)\}/g, '<$1>');
      expect(table.find(ask(method, filled).exchange).params).toEqual(names);
    }
  });

  test('a literal goes before a parameter; an empty segment is no parameter', () => {
    const table = new RouteTable();
    table.add('GET', '/v1/clients/me/messages', () => undefined);
    table.add('GET', '/v1/clients/{id}/messages', () => undefined);
    expect(table.find(ask('GET', '/v1/clients/me/messages').exchange).params).toEqual([]);
    expect(table.find(ask('GET', '/v1/clients/bob/messages').exchange).params).toEqual(['bob']);
    expect(() => table.find(ask('GET', '/v1/clients//messages').exchange)).toThrow(Problem);
  });

  test.each([
    '/v1',
    '/v1/',
    '/v1/channels/a',
    '/v1/channels/a/messages/',
    '/v1//messages',
    '/v1/x',
  ])('there is nothing at %s', (path) => {
    expect(() => dataPlaneRoutes({} as EdgeContext).find(ask('GET', path).exchange)).toThrow(
      /nothing at/,
    );
  });

  test('another method is refused with those that the path takes', () => {
    const { exchange, told } = ask('PATCH', '/v1/messages');
    expect(() => dataPlaneRoutes({} as EdgeContext).find(exchange)).toThrow(/takes GET, POST/);
    expect(told).toEqual(['Allow', 'GET, POST']);
  });
});
