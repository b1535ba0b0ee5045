export default async function teardown() {
  await globalThis.holdlineLender?.stop();
}
