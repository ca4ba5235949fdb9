// Package interop runs our stack against a third-party one, gouroboros, on
// loopback: our initiator against its server and its client against our
// responder. It is a module of its own, so that the SDK does not depend on
// what it is compared with.
//
// Package peer is the third-party node, package delay a slow line, and command bench the
// table of speeds; command hostile measures beside hostile peers. The tests run every
// mini-protocol in both directions, then whole chains, real ones too, through a relay of
// ours that is killed in the middle, and the relay program itself. Folder typescript has
// a client in another language, to be run by hand.
//
// # Departures
//
// Where gouroboros v0.205.5 departs from the specification, tests hold us to
// the specification. What was found reading it; "legal" marks what the
// specification allows but a Haskell node does not do. TestDepartures shows
// those that can be shown without a connection.
//
// Multiplexer:
//
//   - Segments of up to 65,535 bytes, up to 20 messages in each (legal; the Haskell
//     node cuts at 12,288).
//   - Timestamps are nanoseconds of the wall clock, not microseconds of a monotonic one.
//   - No ingress limit. A protocol's queue is 10 segments, and the reader
//     blocks on a full one: a slow protocol stops all the others.
//   - 120 s between segments end a connection; the specification has no limit
//     there, but 30 s from the first byte of a segment to its last.
//   - Segments of a protocol that was stopped are dropped in silence.
//   - Number and mode bit are checked during the handshake, so a simultaneous
//     open fails. Number 0 stays registered after it.
//   - Numbers 18 to 20 (Leios) are registered on every connection, 10 also
//     when peer sharing was not negotiated.
//   - Closing drops what is queued. A connection whose protocols are all idle
//     or done ends without an error.
//
// Handshake:
//
//   - It proposes versions 7 to 15; 13 and below are obsolete.
//   - A server accepts with its own version data, not the combined; a client
//     takes the server's data as it is. So either side believes what the
//     other one wants, and the two may disagree about duplex and peer sharing.
//   - A query is answered before versions and magic are looked at, and if it is
//     in the data of any version.
//   - Any peerSharing above 0 counts as 1. Keys may come in any order.
//
// All mini-protocols:
//
//   - Message arrays of indefinite length are accepted.
//   - Limits belong to bytes queued, not to one message: 462,000 for chain-sync
//     (65,535), 2,500,000 in block-fetch's StBusy (65,535), none but 16 MiB for
//     handshake, tx-submission, keep-alive and peer-sharing.
//   - A server that queues more than that for sending ends its own connection.
//   - Time limits also run in states where the own side has agency, but not in
//     the initial state before the first message.
//   - Starting a protocol again races: segments that come with or right behind
//     the done message are lost. Keep-alive cannot be started again.
//
// Chain-sync:
//
//   - StIdle 3,673 s (3,373 s); StMustReply 135 to 269 s (601 to 911 s), for
//     the server too, which ends a connection it has no block for; the
//     client's StCanAwait 269 s (10 s).
//   - Requests go out in batches of up to 100, the next when all are answered,
//     and past the tip: at the tip up to 100 are outstanding (legal).
//   - MsgFindIntersect always has a definite list (legal).
//   - The server's RollForward method knows no Byron; package peer goes below it.
//
// Block-fetch:
//
//   - The client waits 5 s in StBusy (60 s) unless told otherwise.
//   - A client that asks for ranges ahead sometimes ends its own connection ("not
//     allowed while pipelined in state Idle"), so package peer asks for one at a
//     time, but in the benchmarks.
//   - The client parses each block in full, also for callers who want bytes.
//
// Tx-submission:
//
//   - Lists of definite length are accepted, and so is an empty blocking reply.
//   - The client keeps no window: no rule about acknowledgements and requests
//     is checked. The server does not check that transactions were asked for.
//   - The server acknowledges all ids of the last reply with its next request. A
//     non-blocking request then breaks the window's rule, so package peer
//     makes blocking ones only.
//
// Keep-alive:
//
//   - Cookies count up from zero. The period is 60 s (10 s), the client's limit
//     for an answer 10 s (60 s).
//
// Peer-sharing:
//
//   - The words of an IPv6 address are little-endian.
//   - The list is always definite (legal). The server does not cut it to the
//     amount, the client accepts more than it asked for.
//   - Addresses of 8 elements, from versions 11 and 12, are accepted.
//   - A request without negotiation is answered, by nothing.
package interop
