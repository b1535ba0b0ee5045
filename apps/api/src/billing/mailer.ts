import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '#platform';
import { LOG } from '../data/log.js';

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** Sends e-mail to people. One that cannot be sent is no reason to fail what it tells of. */
export abstract class Mailer {
  abstract send(mail: Mail): Promise<void>;
}

/** Without a mail server: the log says what would have been sent, without addresses. */
@Injectable()
export class LogMailer extends Mailer {
  constructor(@Inject(LOG) private readonly log: Logger) {
    super();
  }

  send({ to, subject, text }: Mail): Promise<void> {
    this.log.info({ recipients: to.length, subject, text }, 'an e-mail, written to the log alone');
    return Promise.resolve();
  }
}
