import type { EdgeContext } from '../context.js';
import type { RouteTable } from '../route-table.js';
import { receiveGroup } from './group-receive.route.js';
import {
  ackGroup,
  deadLetters,
  deleteGroup,
  getGroup,
  listGroups,
  putGroup,
} from './groups.route.js';

const GROUP = '/v1/channels/{channel}/groups/{group}';
const OF_GROUP = [
  ['PUT', GROUP, putGroup],
  ['GET', GROUP, getGroup],
  ['DELETE', GROUP, deleteGroup],
  ['GET', `${GROUP}/messages`, receiveGroup],
  ['POST', `${GROUP}/acks`, ackGroup],
  ['GET', `${GROUP}/dead`, deadLetters],
] as const;

/** The routes of groups: competing consumers. */
export function addGroupRoutes(
  table: RouteTable,
  context: EdgeContext,
  channelIn: (segment: string | undefined) => string,
): void {
  for (const [method, path, handle] of OF_GROUP) {
    table.add(method, path, (exchange, who, [channel, group]) =>
      handle(context, exchange, who, channelIn(channel), group),
    );
  }
  table.add('GET', '/v1/channels/{channel}/groups', (exchange, who, [channel]) =>
    listGroups(context, exchange, who, channelIn(channel)),
  );
}
