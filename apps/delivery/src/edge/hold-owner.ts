import type { Principal } from '#access';
import type { HoldOwner } from '#mediator';

const owners = new WeakMap<Principal, HoldOwner>();

/** What the mediator knows of who asks; one object for one principal. */
export function ownerOf(principal: Principal): HoldOwner {
  let owner = owners.get(principal);
  if (!owner) {
    const { appId, keyId, clientId, tokenId, issuedAt } = principal;
    owner = { appId, keyId, clientId, tokenId, issuedAt };
    owners.set(principal, owner);
  }
  return owner;
}
