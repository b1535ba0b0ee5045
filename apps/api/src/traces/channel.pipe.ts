import { Injectable, type PipeTransform } from '@nestjs/common';
import { channelNameFault } from '#contracts';
import { missing } from '../http/validation.js';

/** A channel in a path. What cannot be a channel is answered as one that does not exist. */
@Injectable()
export class ChannelPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (channelNameFault(value) !== null) throw missing('channel');
    return value;
  }
}
