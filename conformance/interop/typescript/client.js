// Asks a node of this module for what the mini-protocols give, with a client that was
// written in TypeScript, and ends with 1 if an answer is wrong. By hand, as it needs
// Node.js and npm:
//
//   go run ./examples/relay -demo
//   cd conformance/interop/typescript && npm install
//   node client.js 127.0.0.1 PORT-OF-RELAY 42
const assert = require("node:assert");
const net = require("node:net");
const lib = require("@harmoniclabs/ouroboros-miniprotocols-ts");
// The package does not export it.
const path = require("node:path").join(require.resolve("@harmoniclabs/ouroboros-miniprotocols-ts"), "..");
const { KeepAliveClient } = require(path + "/protocols/keep-alive/KeepAliveClient.js");

const [host, port, magic] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const headers = 500;

// soon rejects what does not come within 20 s.
function soon(promise, what) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(what + ": no answer in 20 s")), 20_000).unref());
  return Promise.race([promise, late]);
}

async function main() {
  const socket = net.connect(port, host);
  const mux = new lib.Multiplexer({ protocolType: "node-to-node", connect: () => socket });
  const data = { networkMagic: magic, initiatorOnlyDiffusionMode: true, peerSharing: true, query: false };
  const accepted = await soon(new lib.HandshakeClient(mux).propose(data), "handshake");
  assert(accepted instanceof lib.HandshakeAcceptVersion, "the handshake was refused");
  console.log("handshake: version", accepted.versionNumber);

  const keepAlive = new KeepAliveClient(mux);
  assert.equal((await soon(keepAlive.request(4711), "keep-alive")).cookie, 4711);
  console.log("keep-alive: the cookie came back");

  const chainSync = new lib.ChainSyncClient(mux);
  const found = await soon(chainSync.findIntersect([new lib.ChainPoint({})]), "intersection");
  assert(found instanceof lib.ChainSyncIntersectFound, "the origin is on no chain");
  let next = await soon(chainSync.requestNext(), "first update");
  assert(next instanceof lib.ChainSyncRollBackwards, "chain-sync begins with " + next.constructor.name);
  for (let i = 0; i < headers; i++) {
    next = await soon(chainSync.requestNext(), "header " + i);
    assert(next instanceof lib.ChainSyncRollForward, "header " + i + " is " + next.constructor.name);
  }
  console.log("chain-sync:", headers, "headers; the tip is block", Number(next.tip.blockNo));

  const blockFetch = new lib.BlockFetchClient(mux);
  const block = await soon(blockFetch.request(new lib.ChainPoint(next.tip.point)), "block");
  assert(block instanceof lib.BlockFetchBlock, "block-fetch gave " + block.constructor.name);
  console.log("block-fetch: the block at the tip");

  const peers = await soon(new lib.PeerSharingClient(mux).request(5), "peers");
  console.log("peer-sharing:", peers.peerAddresses.length, "addresses");

  chainSync.done();
  blockFetch.done();
  keepAlive.done();
  socket.end();
}

main().then(() => process.exit(0), (err) => {
  console.error("client:", err.message);
  process.exit(1);
});
