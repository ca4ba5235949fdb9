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
//  2. Every connection gets a new [PeerID]. One [PeerGone] follows its end, also
//     after [Disconnect]. The core ignores events of peers that are gone.
//  3. Chain-sync: [FindIntersect] starts it, or starts it anew on the same
//     session: first receive the answers that are outstanding, then ask. It voids
//     all grants of [RequestHeaders] so far. Never have more requests outstanding
//     than granted; a rollback uses no grant. Parse headers, and verify them if you
//     do, before you pass them in. For one that fails, pass [BadHeader], and none
//     of the headers after it.
//  4. Block-fetch: [Fetch] is one range; send ranges in the order of the effects.
//     Check each body against its header, keep it under its point, then pass
//     [BlockFetched]. A range ends with [RangeDone], [NoBlocks] or [FetchFailed],
//     also when [CancelFetch] came in between. The core may ask several peers for
//     one block: pass [BlockFetched] for each body, and keep the first.
//  5. Keep bodies until [Forget] or, for adopted ones, until you have stored them
//     after [Immutable]. If a body comes again after that, Forget follows for it:
//     store blocks apart from the bodies that the core knows.
//  6. Blocks of [Adopt] count against Config.MaxBytes until [Consumed] gives their
//     bytes back.
//  7. With Config.Judge, answer each [Judge] with [Judged], after any time; [Judge] says
//     what a judge must be able to do. All else goes on meanwhile. The core adopts a
//     block once it and all before it are valid. It gives up the blocks after an invalid
//     one, and takes the next best chain. It remembers the hashes of K invalid blocks;
//     a block that it has forgotten is judged again.
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
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package chain
