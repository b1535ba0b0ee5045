import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from './problems.js';

/** The body of a refusal, for the documents; `problems.ts` makes it. (The SDK reads that file without zod.) */
export const ProblemBody = z
  .looseObject({
    type: z.url().meta({ description: 'Leads to a page that explains the code.' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What happened, and what to do next.' }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string().meta({ description: 'Quote it to support: our log has it too.' }),
    limit: z
      .object({
        name: z.string(),
        scope: z.string(),
        max: z.number(),
        used: z.number(),
        resetAt: z.iso
          .datetime()
          .nullable()
          .meta({ description: 'null: it is not one that time resets.' }),
      })
      .optional()
      .meta({ description: 'Which limit refused, how full it is, and until when.' }),
    capability: z
      .object({ operation: z.string(), channel: z.string() })
      .optional()
      .meta({ description: 'The missing right, with `forbidden`.' }),
    position: z.number().int().optional().meta({
      description: 'The channel’s last position, with `position_conflict`.',
    }),
    errors: z
      .array(z.object({ pointer: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every fault of a body, each with a JSON pointer.' }),
  })
  .meta({ description: 'A refusal (RFC 9457). Nothing of the refused request was stored.' });
