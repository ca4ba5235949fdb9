// Package lifecycle is the life cycle of one connection as far as our side uses
// it: which mini-protocols run as initiators, which are being started, and which
// are being ended with their Done. It is pure: it has no clock and no goroutine,
// and knows nothing of bytes.
//
// Start with [New], tell [Machine.Step] every event, and do what its effects say.
// What the peer's initiators do on a duplex connection is a life cycle of its
// own, the peer's.
//
// A connection is cold, warm or hot. When it is warm, keep-alive and
// peer-sharing may run; when it is hot, chain-sync, block-fetch and
// tx-submission may, too. The transitions are one table, in table.go. (mux, 7;
// relay-behaviour, 3.1 and 3.2)
//
// Duties of the caller:
//
//  1. Tell [Started] for each [Start], and [Ended] once for each, unless
//     the connection is lost before.
//  2. Tell [Tick] at [Machine.Deadline].
//  3. Tell [Lost] when the connection has ended for any reason but [Close].
package lifecycle
