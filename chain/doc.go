// Package chain decides which chain to follow: it keeps the headers of all
// upstream peers in one tree, plans which blocks to fetch from whom, and says
// when to adopt a block and when to roll back.
//
// It is pure: no network, clock, goroutine, randomness or logger. [Core.Step]
// takes the time and one [Event] and returns the [Effect]s that follow from
// it; the same events give the same effects. Bodies stay with the caller, the
// core only knows which are held.
//
// The rules are those of the Haskell node as of 2026-08 (relay-behaviour, 5,
// 6 and 10): the longest chain wins, ties are broken as in Praos, and no chain
// is followed that leaves ours more than k blocks back.
//
// Start with [New]; the Example shows a whole exchange.
//
// # Duties of the caller
//
//  1. One goroutine owns the Core. It passes time that never runs back, and
//     handles the effects of a step in order, before the next step: the slice
//     is used again.
//  2. Every connection gets a new [PeerID]. Its end is told once by [PeerGone],
//     also after [Disconnect]. Events of peers that are gone are harmless.
//  3. Chain-sync: [FindIntersect] starts it, or starts it anew on the same
//     session: first collect what is outstanding, then ask. What was granted
//     before by [RequestHeaders] is void then. Afterwards at most as many
//     headers may be outstanding as granted; a rollback uses no grant.
//     Headers are parsed, and verified if they are to be, before they come in;
//     one that fails is told by [BadHeader] and none after it come in.
//  4. Block-fetch: [Fetch] is one range, to be sent in the order of the
//     effects. Each body is checked against its header, then kept under its
//     point, then told by [BlockFetched]. A range ends with [RangeDone],
//     [NoBlocks] or [FetchFailed], also when [CancelFetch] came in between. A
//     block may be asked of several peers at once: each body is told, and one
//     that is kept already need not be kept again.
//  5. Bodies are kept until [Forget] or, for adopted ones, until the caller
//     has stored them after [Immutable]. A body that comes once more after that
//     is forgotten too: what is stored, or about to be, is kept apart.
//  6. What [Adopt] handed over is given back by [Consumed] when it was taken;
//     until then it counts against Config.MaxBytes.
//  7. With Config.Judge, [Judge] has the next block judged, and [Judged] says what came
//     of it, after whatever time; see there for what a judge has to be able to do. All
//     else goes on meanwhile. A block is adopted once it and all before it are valid;
//     what follows an invalid one is given up, and the next best chain taken. Of what is
//     invalid, K hashes are remembered; a block that was forgotten is judged again.
//  8. [Core.Deadline] says when to call Step with a [Tick] if nothing else
//     happens.
//  9. Headers in effects are shared and must not be changed.
//
// A follower that saved only points starts with Config.Points. Then a rollback
// may go further back than to the fork, to the next older point, and depth is
// counted in points where blocks are not known.
//
// Left out on purpose: timeouts of the mini-protocols, which Sessions keep; a ledger,
// which is what a judge has.
package chain
